"""Single values of a parsed guarantee table: texts, days, euros, words; each notes its fault and returns None."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from rempart.domain.money import parse_euros

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rempart.formats.guarantee_table.faults import Notes
    from rempart.formats.guarantee_table.positions import Path

T = TypeVar("T")
_CODE = re.compile(r"[A-Za-z0-9._-]{1,20}", re.ASCII).fullmatch


def need(notes: Notes, path: Path, table: dict[str, Any], pick: tuple[str, type[T]]) -> T | None:
    """The value of a key that must be there, of this type; a boolean is no number."""
    key, kind = pick
    if key not in table:
        notes.fault(path, "key-missing", key)
        return None
    value = table[key]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        notes.fault((*path, key), "type-wrong")
        return None
    return value


def known_keys(notes: Notes, path: Path, table: dict[str, Any], known: Iterable[str]) -> None:
    """Note every key that is not one of these."""
    names = frozenset(known)
    for key in table:
        if key not in names:
            notes.fault((*path, key), "key-unknown")


def code(notes: Notes, path: Path, table: dict[str, Any], key: str) -> str | None:
    """A code of 1 to 20 letters, digits, `.`, `_`, `-`."""
    text = need(notes, path, table, (key, str))
    if text is not None and _CODE(text) is None:
        notes.fault((*path, key), "code-malformed")
        return None
    return text


def day(notes: Notes, path: Path, table: dict[str, Any], key: str) -> date | None:
    """A civil date without a time."""
    found = need(notes, path, table, (key, date))
    if isinstance(found, datetime):
        notes.fault((*path, key), "type-wrong")
        return None
    return found


def euros(notes: Notes, path: Path, table: dict[str, Any], key: str) -> int | None:
    """Cents. Amounts are quoted text: a bare 12.50 would be a binary fraction before anyone could look at it."""
    text = need(notes, path, table, (key, str))
    amount = None if text is None else parse_euros(text)
    if text is not None and (amount is None or amount < 0):
        notes.fault((*path, key), "amount-malformed")
        return None
    return amount


def words(
    notes: Notes, path: Path, table: dict[str, Any], pick: tuple[str, tuple[str, ...] | None]
) -> tuple[str, ...] | None:
    """A list of words of a vocabulary (None: any code), () when the key is absent."""
    key, vocabulary = pick
    if key not in table:
        return ()
    given = table[key]
    if not isinstance(given, list) or not all(isinstance(word, str) for word in given):
        notes.fault((*path, key), "type-wrong")
        return None
    if any(word not in vocabulary if vocabulary is not None else _CODE(word) is None for word in given):
        notes.fault((*path, key), "word-unknown")
        return None
    return tuple(given)


def rates(notes: Notes, path: Path, table: dict[str, Any]) -> tuple[int, ...] | None:
    """AMO rates in percent."""
    given = table.get("except-rates", [])
    if isinstance(given, list) and all(type(rate) is int and 0 <= rate <= 100 for rate in given):
        return tuple(given)
    notes.fault((*path, "except-rates"), "rate-out-of-range")
    return None
