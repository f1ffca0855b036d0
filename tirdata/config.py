"""What is read from files: frozen values with no unknown keys, and how they are loaded."""

import json
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from tirdata.errors import ConfigError, DataError


class Config(BaseModel):
    """Base of everything that a file may hold."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False
    )


Kind = TypeVar("Kind", bound=Config)


class Readable(Protocol):
    """A file somewhere; its text is its name."""

    def read_bytes(self) -> bytes:
        """All of it."""
        ...


def check(values: Mapping[str, Any], kind: type[Kind], *, where: str) -> Kind:
    """Values as a ``kind``.

    Raises:
        ConfigError: a key is unknown, missing or out of range; all faults in one line.
    """
    try:
        return kind.model_validate(dict(values))
    except ValidationError as error:
        raise ConfigError(f"{where}: {_faults(error, kind)}") from None


def load(path: Path | None, kind: type[Kind], overrides: Mapping[str, Any]) -> Kind:
    """A TOML file with ``overrides`` laid over it, then checked; None = overrides alone.

    An override of None means "not given". Nested tables are merged key by key.

    Raises:
        ConfigError: the file is missing, is not TOML, or does not fit ``kind``.
    """
    values: dict[str, Any] = {}
    if path is not None:
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except FileNotFoundError:
            raise ConfigError(f"{path}: no such file; expected a TOML file") from None
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read ({error.strerror})") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: not TOML ({error})") from None
    return check(_merge(values, overrides), kind, where=str(path or "settings"))


def read_json(path: Readable, kind: type[Kind]) -> Kind:
    """A JSON file that a program wrote.

    Raises:
        DataError: the file is missing, is not JSON, or does not fit ``kind``.
    """
    try:
        return kind.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except ValidationError as error:
        raise DataError(f"{path}: {_faults(error, kind)}") from None


def to_json(value: Config) -> str:
    """``value`` as indented JSON with a newline at the end."""
    return value.model_dump_json(indent=2) + "\n"


def json_schema(kind: type[Config]) -> str:
    """The JSON Schema of ``kind``, as it lies under ``schemas/``."""
    return json.dumps(kind.model_json_schema(), indent=2, sort_keys=True) + "\n"


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        if value is None:
            continue
        old = merged.get(key)
        merged[key] = (
            _merge(old, value) if isinstance(old, dict) and isinstance(value, Mapping) else value
        )
    return merged


def _faults(error: ValidationError, kind: type[Config]) -> str:
    known = [field.alias or name for name, field in kind.model_fields.items()]
    found = []
    for fault in error.errors():
        name = ".".join(str(part) for part in fault["loc"])
        near = get_close_matches(name, known) if fault["type"] == "extra_forbidden" else []
        found.append(f"{name or 'value'}: {fault['msg']}{f' (near it: {near[0]})' if near else ''}")
    return "; ".join(found)
