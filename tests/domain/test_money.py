"""Money: half-up percentages, reading and writing of euros."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.money import MAX_CENTS, format_euros, format_plain, is_cents, parse_euros, percent

cents = st.integers(-MAX_CENTS, MAX_CENTS)


@given(cents, st.integers(0, 1000))
def test_percentage_rounds_half_up_as_decimal_does(amount: int, rate: int) -> None:
    """The integer arithmetic gives what the decimal arithmetic of the standard library gives."""
    exact = Decimal(amount) * rate / 100
    assert percent(amount, rate) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@given(cents)
def test_what_is_written_is_read_back(amount: int) -> None:
    """French and plain writing both read back to the same cents."""
    assert parse_euros(format_euros(amount)) == amount
    assert parse_euros(format_plain(amount)) == amount


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12", 1200),
        ("12.5", 1250),
        ("12,50", 1250),
        ("0,05", 5),
        ("1 234,56 €", 123456),
        ("-3.10", -310),
        ("12€", 1200),
    ],
)
def test_usual_writings_are_read(text: str, amount: int) -> None:
    """Plain and French amounts are read."""
    assert parse_euros(text) == amount


@pytest.mark.parametrize(
    "text", ["", "€", "1.234", "1,234.56", "1 23,00", "12,505", "1e3", "١٢", "--1", "12 €€", "0x10", "12345678901"]
)
def test_doubtful_writings_are_refused(text: str) -> None:
    """What could mean two amounts, or none, is not guessed."""
    assert parse_euros(text) is None


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text makes the reader fail, and what it reads is an amount."""
    amount = parse_euros(text)
    assert amount is None or is_cents(amount)


def test_only_true_integers_are_amounts() -> None:
    """Booleans, floats and amounts beyond the limit are not cents."""
    assert is_cents(0)
    assert is_cents(MAX_CENTS)
    assert not any(is_cents(value) for value in (True, 1.0, "1", None, MAX_CENTS + 1))


def test_french_typography() -> None:
    """Narrow no-break space between thousands, comma, no-break space before the sign."""
    assert format_euros(123456789) == "1\u202f234\u202f567,89\u00a0€"
    assert format_euros(-5) == "-0,05\u00a0€"
