"""Invitation codes as people type them, and account ids: docs/formats/sessions.md."""

from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.sealing.invitations import code_hash, fresh_account, fresh_code, is_account


def test_a_fresh_code_is_shown_four_by_four() -> None:
    """16 characters of 32 that are not easily taken for one another; no two alike."""
    codes = {fresh_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}", code) for code in codes)


def test_the_hash_is_what_the_page_says() -> None:
    """SHA-256 of the label and the code in upper case."""
    wanted = hashlib.sha256(b"rempart/1/invitation\n0123456789ABCDEF").digest()
    for typed in ("0123-4567-89AB-CDEF", "o i23 4567 89ab cdef", "0l23456789abcdef", "\tOI23-4567-89AB-CDEF\n"):
        assert code_hash(typed) == wanted


@pytest.mark.parametrize("typed", ["", "0123", "0123-4567-89AB-CDE", "0123-4567-89AB-CDEFG", "0123-4567-89AB-CDEU",
                                   "０123-4567-89AB-CDEF", "-" * 100])  # fmt: skip
def test_what_is_no_code_has_no_hash(typed: str) -> None:
    """Too short, too long, a letter that is not used, another script's digits."""
    assert code_hash(typed) is None


@given(typed=st.text(max_size=40))
def test_any_text_has_a_hash_or_none(typed: str) -> None:
    """Nothing that is typed raises."""
    assert code_hash(typed) is None or len(code_hash(typed) or b"") == 32


def test_an_accounts_id_is_known_by_its_form() -> None:
    """`a` and 15 characters in lower case."""
    made = fresh_account()
    assert is_account(made)
    for wrong in (made.upper(), made[:-1], made + "0", "b" + made[1:], "a" + "u" * 15, ""):
        assert not is_account(wrong)
