"""Folders go to a hub: the names it takes, one upload, and one line where it cannot be reached."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal


class HubError(ValueError):
    """A name that a hub refuses, or a hub that does; one line."""


def check_name(name: str) -> None:
    """Refuse a name that the hub would refuse, before any work is done for it."""
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

    try:
        validate_repo_id(name)
    except HFValidationError as wrong:
        raise HubError(f"{name!r}: {first_line(wrong)}") from None


def upload(
    folder: Path,
    name: str,
    kind: Literal["model", "dataset"],
    message: str,
    *,
    ignore: Sequence[str] = (),
    delete: Sequence[str] = (),
    private: bool | None = None,
) -> str:
    """Upload a folder in one commit; its address. What is the same over there is not sent again, and what fits `delete`
    and is not here goes. HubError in one line where the hub cannot be reached or refuses."""
    from httpx import HTTPError
    from huggingface_hub import HfApi

    api = HfApi()
    try:
        api.create_repo(name, repo_type=kind, exist_ok=True, private=private)
        api.upload_folder(
            repo_id=name,
            repo_type=kind,
            folder_path=folder,
            ignore_patterns=list(ignore),
            delete_patterns=list(delete) or None,
            commit_message=message,
        )
    except (HTTPError, OSError, ValueError) as wrong:  # the hub's own errors are HTTPErrors
        raise HubError(
            f"cannot push to {name!r} at {api.endpoint} ({first_line(wrong)}); {folder} is complete:"
            " log in with `hf auth login` and repeat the command"
        ) from None
    return f"{api.endpoint}/{'datasets/' if kind == 'dataset' else ''}{name}"


def first_line(wrong: BaseException) -> str:
    return next(iter(str(wrong).strip().splitlines()), type(wrong).__name__)
