"""Invitation codes and account ids: how they are written, and the hash by which the keeper knows a code.

Both are Crockford's base32 (https://www.crockford.com/base32.html, read 2026-11-22), without its check symbol.
"""

from __future__ import annotations

import hashlib
import secrets

CODE_LENGTH = 16  # characters, 80 bits
LIFE_DAYS = 7
"""How long an invitation is good."""
HAS_NUMBER = "has-number"
"""In the place of the account that answers for staff: the person has a number of their own and answers themselves."""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_SPELLINGS = str.maketrans("OIL", "011", " -\t\n")
_LABEL = b"rempart/1/invitation\n"
_LOCUM_LABEL = b"rempart/1/locum-code\n"
LOCUM_LENGTH = 8  # characters, 40 bits: good in a session alone, and the keeper counts who guesses


def fresh_code() -> str:
    """A new code, as it is shown: four by four."""
    code = _draw(CODE_LENGTH)
    return "-".join(code[start : start + 4] for start in range(0, CODE_LENGTH, 4))


def halves(code: str) -> tuple[str, str]:
    """A code of `fresh_code` in the two parts that reach its owner by different ways, 40 bits each."""
    middle = len(code) // 2
    return code[:middle], code[middle + 1 :]


def fresh_account() -> str:
    """A new account id: `a` and 15 characters, lower case."""
    return "a" + _draw(15).lower()


def code_hash(typed: str) -> bytes | None:
    """SHA-256 of a code however it was typed: case, spaces, hyphens, O for 0, I or L for 1. None when it is no code."""
    if len(typed) > 4 * CODE_LENGTH or not typed.isascii():
        return None
    code = typed.upper().translate(_SPELLINGS)
    if len(code) != CODE_LENGTH or not set(code) <= set(_ALPHABET):
        return None
    return hashlib.sha256(_LABEL + code.encode("ascii")).digest()


def fresh_locum_code() -> str:
    """A new code for a locum, as it is shown: four by four."""
    code = _draw(LOCUM_LENGTH)
    return f"{code[:4]}-{code[4:]}"


def locum_code_hash(typed: str) -> bytes | None:
    """As `code_hash`, of a locum's code."""
    if len(typed) > 4 * LOCUM_LENGTH or not typed.isascii():
        return None
    code = typed.upper().translate(_SPELLINGS)
    if len(code) != LOCUM_LENGTH or not set(code) <= set(_ALPHABET):
        return None
    return hashlib.sha256(_LOCUM_LABEL + code.encode("ascii")).digest()


def is_account(account: str) -> bool:
    """Whether an id is written as `fresh_account` writes one."""
    return (
        len(account) == 16
        and account[0] == "a"
        and account == account.lower()
        and set(account[1:].upper()) <= set(_ALPHABET)
    )


def _draw(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
