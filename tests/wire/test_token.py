"""The forms of the token calls: read whole, or refused with the field at fault."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.wire.problem import FieldError, Problem, encode
from rempart.wire.token import (
    MAX_FORM,
    RevokeRequest,
    TokenRequest,
    read_revoke_form,
    read_token_form,
)

GOOD = {"grant_type": "g", "client_assertion_type": "t", "client_assertion": "a.b.c", "site": "752345678"}


def test_a_whole_form_is_read() -> None:
    """Every field arrives as it was sent."""
    assert read_token_form(urlencode(GOOD).encode()) == TokenRequest("g", "t", "a.b.c", "752345678")
    form = {"token": "x", "client_assertion_type": "t", "client_assertion": "a.b.c"}
    assert read_revoke_form(urlencode(form).encode()) == RevokeRequest("x", "t", "a.b.c")
    assert read_revoke_form(urlencode({**form, "token_type_hint": "access_token"}).encode()) == RevokeRequest(
        "x", "t", "a.b.c", "access_token"
    )


@pytest.mark.parametrize("field", GOOD)
def test_a_missing_an_empty_and_a_doubled_field_are_named(field: str) -> None:
    """The fault says which field, never what was in it."""
    without = {name: value for name, value in GOOD.items() if name != field}
    assert read_token_form(urlencode(without).encode()) == FieldError(field, "missing-field")
    assert read_token_form(urlencode({**GOOD, field: ""}).encode()) == FieldError(field, "missing-field")
    assert read_token_form(urlencode([*GOOD.items(), (field, "x")]).encode()) == FieldError(field, "repeated-field")


def test_a_field_nobody_knows_is_refused_and_not_echoed() -> None:
    """The name of an unknown field could hold anything, so it does not come back, doubled or not."""
    assert read_token_form(urlencode({**GOOD, "nir": "1"}).encode()) == FieldError("", "unknown-field")
    assert read_token_form(urlencode([*GOOD.items(), ("nir", "1"), ("nir", "1")]).encode()) == FieldError(
        "", "repeated-field"
    )


@given(st.binary(max_size=200))
def test_garbage_is_a_fault_and_no_exception(body: bytes) -> None:
    """Whatever bytes come, the answer is a fault."""
    assert isinstance(read_token_form(body), FieldError)


def test_too_much_is_refused_before_it_is_read() -> None:
    """Length and number of fields are bounded."""
    assert read_token_form(b"a" * (MAX_FORM + 1)) == FieldError("", "oversized-form")
    assert read_token_form(b"&".join(b"a%d=1" % n for n in range(17))) == FieldError("", "malformed-form")


def test_a_problem_shows_what_it_has() -> None:
    """Empty members are left out; status, code and title are always there."""
    assert encode(Problem("No", 403, "no-mandate")) == b'{"title":"No","status":403,"code":"no-mandate"}'
