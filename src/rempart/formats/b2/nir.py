"""The NIR as B2 writes it: 13 characters and a two-digit key, in two zones. Shape and key only."""

from __future__ import annotations

from typing import Final

_BLANK_NIR: Final = b" " * 13
# Corsica: the letter of the department is replaced before the division (INSEE: A takes 1,000,000 away, B 2,000,000).
_CORSICA: Final = {0x41: 1_000_000, 0x42: 2_000_000}


def nir_value(nir: bytes) -> int | None:
    """The number to divide by 97, or None when 13 bytes do not have the shape of a NIR."""
    if nir.isdigit():
        return int(nir)
    removed = _CORSICA.get(nir[6])
    rest = nir[:6] + b"0" + nir[7:]
    if removed is None or nir[5] != 0x32 or not rest.isdigit():
        return None
    return int(rest) - removed


def nir_key(nir: str) -> str:
    """The two-digit key of a 13-character NIR. Raises ValueError for another shape, without saying what it was."""
    value = nir_value(nir.encode("latin-1", "replace")) if len(nir) == 13 else None
    if value is None:
        raise ValueError("not the shape of a NIR")
    return f"{97 - value % 97:02d}"


def nir_fault(nir: bytes, key: bytes) -> str:
    """Empty when shape and key are right, or both zones are blank (number not given); else the code of the fault."""
    if nir == _BLANK_NIR:
        return "" if not key.strip(b" ") else "nir-malformed"
    value = nir_value(nir)
    if value is None:
        return "nir-malformed"
    return "" if key.isdigit() and 97 - value % 97 == int(key) else "nir-key-wrong"
