"""Values of a file as the types that annotations name; a mistake is one line with the value, the place and the mend."""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

Made = TypeVar("Made")


class ConfigError(ValueError):
    """A mistake in a config or on the command line. One line; a program prints it and exits with status 2."""


def nearest(name: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"the keys are {', '.join(names)}"


def convert(value: Any, hint: Any, where: str, source: str, partial: bool = False) -> Any:
    """`value` as the type that `hint` names; `partial` judges one source of several, which may leave keys out."""

    def wrong(wanted: str) -> ConfigError:
        return ConfigError(f"{source}: {where or 'the config'} must be {wanted}, not {value!r}")

    if isinstance(value, str) and "${" in value and partial:
        return value  # an interpolation, judged once it is resolved
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        options = typing.get_args(hint)
        if value is None and type(None) in options:
            return None
        options = tuple(option for option in options if option is not type(None))
        for option in options:
            if len(options) == 1 or isinstance(value, typing.get_origin(option) or option):
                return convert(value, option, where, source, partial)
        raise wrong(" or ".join(getattr(option, "__name__", str(option)) for option in options))
    if typing.get_origin(hint) is typing.Literal:
        if value not in typing.get_args(hint):
            raise wrong(f"one of {', '.join(map(str, typing.get_args(hint)))}")
        return value
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, dict):
            raise wrong("a section with keys")
        hints = typing.get_type_hints(hint)
        prefix = f"{where}." if where else ""
        for key in value:
            if key not in hints:
                raise ConfigError(f"{source}: unknown key {prefix + str(key)!r}; {nearest(str(key), list(hints))}")
        made = {k: convert(v, hints[k], prefix + k, source, partial) for k, v in value.items()}
        missing = [f.name for f in dataclasses.fields(hint) if f.name not in made and _required(f)]
        if missing and not partial:
            raise ConfigError(f"{source}: {prefix + missing[0]} is missing; write it down")
        try:
            return made if partial else hint(**made)  # type: ignore[operator]
        except ValueError as error:  # what a section checks of itself
            raise ConfigError(f"{source}: {prefix}{error}") from None
    origin = typing.get_origin(hint) or hint
    if origin is list:
        if not isinstance(value, list):
            raise wrong("a list")
        (item,) = typing.get_args(hint)
        return [convert(v, item, f"{where}[{i}]", source, partial) for i, v in enumerate(value)]
    if origin is dict:
        if not isinstance(value, dict):
            raise wrong("a section with keys")
        _, item = typing.get_args(hint)
        if dataclasses.is_dataclass(item):
            prefix = f"{where}." if where else ""
            return {str(k): convert(v, item, f"{prefix}{k}", source, partial) for k, v in value.items()}
        return dict(value)
    if origin is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if hint is Any or (isinstance(value, origin) and not (isinstance(value, bool) and origin is not bool)):
        return value
    raise wrong({"int": "a whole number", "float": "a number", "str": "text", "bool": "true or false"}[origin.__name__])


def _required(f: dataclasses.Field[Any]) -> bool:
    return f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING


def load_typed(path: str | Path, overrides: Sequence[str], hint: type[Made]) -> Made:
    """What a YAML file says, with YAML files laid over it and `key=value` overrides, as the dataclass `hint`.

    ConfigError with one line if anything is off, which names the file or the command line.
    """
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    if not Path(path).is_file():
        near = difflib.get_close_matches(str(path), map(str, Path(path).parent.glob("*.yaml")), n=1, cutoff=0.4)
        raise ConfigError(f"no config file {path}" + (f"; did you mean {near[0]}?" if near else ""))
    over = [override for override in overrides if override.endswith((".yaml", ".yml")) and "=" not in override]
    for override in overrides:
        if "=" not in override and override not in over:
            raise ConfigError(f"command line: {override!r} is not an override: write key=value, as seed=1")
    if gone := [name for name in over if not Path(name).is_file()]:
        raise ConfigError(f"no config file {gone[0]} to lay over {path}")
    try:
        parts = [(OmegaConf.load(name), str(name)) for name in (path, *over)]
        parts += [(OmegaConf.from_dotlist([line for line in overrides if line not in over]), "command line")]
        for part, source in parts:
            convert(OmegaConf.to_container(part, resolve=False), hint, "", source, partial=True)
        values: Any = OmegaConf.to_container(OmegaConf.merge(*[part for part, _ in parts]), resolve=True)
    except (OmegaConfBaseException, ValueError) as error:
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(f"{path}: {' '.join(str(error).split())}") from error
    except Exception as error:  # YAML's own errors have no common public class across its versions
        raise ConfigError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    typed: Made = convert(values, hint, "", str(path))
    return typed
