"""Reads one TOML file of settings: its text, its syntax, its shape. No value is repeated in a fault."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SettingFault:
    """What is wrong at `key` (`section.key`), and what was expected. `code` is stable; no value is repeated."""

    key: str
    code: str
    reason: str

    def __str__(self) -> str:
        return f"{self.key}: {self.reason}" if self.key else self.reason


def read_text(path: Path, advice: str) -> str | SettingFault:
    """The file's text; `advice` says what to do when there is none."""
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return SettingFault("", "configuration-absent", f"{path} does not exist: {advice}")
    except (OSError, UnicodeDecodeError) as error:
        return SettingFault("", "configuration-unreadable", f"{path} cannot be read ({type(error).__name__})")


def read_toml(text: str) -> dict[str, Any] | SettingFault:
    """The text's values."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = str(error).rpartition("(at ")[2].rstrip(")")  # line and column; the rest may quote a value
        return SettingFault("", "configuration-not-toml", f"not valid TOML at {place}")


def shaped(text: str, kind: type[T]) -> T | SettingFault:
    """The text as `kind`, with the first thing that does not fit; paths are left as they are written."""
    raw = read_toml(text)
    if isinstance(raw, SettingFault):
        return raw
    try:
        return msgspec.convert(raw, kind, dec_hook=_path)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).replace("`", "").partition(" - at ")
        return SettingFault(place.removeprefix("$."), "wrong-option", reason[:1].lower() + reason[1:])


def _path(kind: type, value: Any) -> Any:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise msgspec.ValidationError("Expected a path as text")
