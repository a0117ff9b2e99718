"""Reading the one configuration file (TOML), whose sections are in `ground.options`.

`load` gives `Settings` or every fault at once; unknown keys are faults, so a misspelt limit is never a silent default.
A configuration with `production = true` refuses every option named `unsafe_…` or `demo_…`.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

import msgspec

from rempart.ground.config_file import SettingFault, read_text, read_toml
from rempart.ground.options import (
    PROFESSIONS,
    Account,
    Budget,
    Budgets,
    ClientCertificate,
    Database,
    Demo,
    Hub,
    InvoiceMeter,
    Keeper,
    KeeperGroups,
    Log,
    Meter,
    Paths,
    Payment,
    Pkcs11,
    Rights,
    Section,
    Settings,
    Worker,
    flat,
)

__all__ = [
    "CHECKS_TOGETHER",
    "PROFESSIONS",
    "Account",
    "Budget",
    "Budgets",
    "ClientCertificate",
    "Database",
    "Demo",
    "Hub",
    "InvoiceMeter",
    "Keeper",
    "KeeperGroups",
    "Log",
    "Meter",
    "Paths",
    "Payment",
    "Pkcs11",
    "Rights",
    "Section",
    "SettingFault",
    "Settings",
    "Worker",
    "flat",
    "load",
    "parse",
]


def load(path: Path) -> Settings | tuple[SettingFault, ...]:
    """Read the file at `path`; relative paths start at its folder. All faults are told together."""
    text = read_text(path, "copy the sample and edit it")
    return (text,) if isinstance(text, SettingFault) else parse(text, path.absolute().parent)


def parse(text: str, folder: Path) -> Settings | tuple[SettingFault, ...]:
    """The same for a text; relative paths start at `folder`."""
    raw = read_toml(text)
    if isinstance(raw, SettingFault):
        return (raw,)
    reader = _Reader(folder, [])
    settings = reader.section(Settings, raw, "")
    if settings is None:
        return tuple(reader.faults)
    together = tuple(fault for check in CHECKS_TOGETHER for fault in check(settings))
    return together or settings


def _danger_in_production(settings: Settings) -> tuple[SettingFault, ...]:
    if not settings.production:
        return ()
    reason = "not allowed with production = true: remove it"
    return tuple(SettingFault(key, "danger-in-production", reason) for key in settings.dangers())


def _password_in_url(settings: Settings) -> tuple[SettingFault, ...]:
    reason = "holds a password: put it in a 0600 file and name it with ?passfile=…"
    urls = ((key, value) for key, value in flat(settings.database, "database.") if key.endswith("_url"))
    return tuple(SettingFault(key, "password-in-url", reason) for key, value in urls if _has_password(value))


def _has_password(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return True
    return parts.password is not None or "password=" in parts.query


def _roles_without_url(settings: Settings) -> tuple[SettingFault, ...]:
    if not settings.production:
        return ()
    reason = "expected a URL"
    needed = ((key, value) for key, value in flat(settings.database, "database.") if key.endswith("_url"))
    return tuple(SettingFault(key, "url-missing", reason) for key, value in needed if not value)


# Looked at when every option is right by itself.
CHECKS_TOGETHER: tuple[Callable[[Settings], tuple[SettingFault, ...]], ...] = (
    _danger_in_production,
    _password_in_url,
    _roles_without_url,
)


_S = TypeVar("_S", bound=Section)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Turns tables into sections; faults gather in `faults`."""

    folder: Path
    faults: list[SettingFault]

    def fault(self, key: str, code: str, reason: str) -> None:
        self.faults.append(SettingFault(key, code, reason))

    def section(self, kind: type[_S], raw: Any, where: str) -> _S | None:
        """One table, None when a fault belongs to it."""
        if not isinstance(raw, dict):
            self.fault(where.rstrip("."), "wrong-type", "expected a table")
            return None
        before = len(self.faults)
        hints = get_type_hints(kind, include_extras=True)
        for name in raw.keys() - hints.keys():
            self.fault(f"{where}{name}", "unknown-key", "unknown key: remove it or correct its name")
        values = {name: self.option(hints[name], raw[name], f"{where}{name}") for name in hints if name in raw}
        for field in msgspec.structs.fields(kind):
            if field.name in raw:
                continue
            if field.required:
                self.fault(f"{where}{field.name}", "missing-key", "expected, and absent")
            elif field.default is not msgspec.NODEFAULT:
                values[field.name] = _rooted(field.default, self.folder)
        return kind(**values) if len(self.faults) == before else None

    def option(self, hint: Any, raw: Any, key: str) -> Any:
        """One value; what it is when a fault was found does not matter."""
        if isinstance(hint, type) and issubclass(hint, Section):
            return self.section(hint, raw, f"{key}.")
        if get_origin(hint) is tuple and isinstance(raw, list):
            inner = get_args(hint)[0]
            return tuple(self.option(inner, item, f"{key}[{number}]") for number, item in enumerate(raw))
        optional = get_origin(hint) in (Union, types.UnionType) and Path in get_args(hint)
        return self.path(raw, key) if optional or hint is Path else self.value(hint, raw, key)

    def path(self, raw: Any, key: str) -> Path | None:
        if isinstance(raw, str) and raw:
            return self.folder / raw
        self.fault(key, "wrong-type", "expected a path as text")
        return None

    def value(self, hint: Any, raw: Any, key: str) -> Any:
        try:
            return msgspec.convert(raw, hint)
        except msgspec.ValidationError as error:
            self.fault(key, "wrong-type", _expectation(str(error)))
            return None


def _rooted(default: Any, folder: Path) -> Any:
    """A default with its relative paths started at `folder`."""
    if isinstance(default, Path):
        return folder / default
    if isinstance(default, Section):
        names = default.__struct_fields__
        return msgspec.structs.replace(default, **{name: _rooted(getattr(default, name), folder) for name in names})
    return default


def _expectation(said: str) -> str:
    """Msgspec's sentence with a small initial; its enumeration error quotes the value, so it is reworded."""
    if said.startswith("Invalid enum value"):
        return "expected one of the values the sample lists"
    return said[:1].lower() + said[1:].partition(" - at ")[0].replace("`", "")
