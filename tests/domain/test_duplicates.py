"""Duplicates: live invoices keep their number; same content elsewhere is a suspicion only."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest

from rempart.domain.duplicates import ACCEPT, DUPLICATE, POSSIBLE, DuplicateFacts, judge, repeatable
from rempart.domain.invoice import Line


def line(family: str) -> Line:
    return Line(1, date(2026, 11, 2), "", family, 1000, 60, 600, 1000, 400)


@pytest.mark.parametrize(
    ("facts", "judgement"),
    [
        (DuplicateFacts(number_live=False, content_live=False, repeatable=False), ACCEPT),
        (DuplicateFacts(number_live=True, content_live=False, repeatable=True), DUPLICATE),
        (DuplicateFacts(number_live=True, content_live=True, repeatable=True, said_distinct=True), DUPLICATE),
        (DuplicateFacts(number_live=False, content_live=True, repeatable=False), POSSIBLE),
        (DuplicateFacts(number_live=False, content_live=True, repeatable=True), ACCEPT),
        (DuplicateFacts(number_live=False, content_live=True, repeatable=False, said_distinct=True), ACCEPT),
        (DuplicateFacts(number_live=False, content_live=True, repeatable=False, waited=9), POSSIBLE),
        (DuplicateFacts(number_live=False, content_live=True, repeatable=False, waited=10), ACCEPT),
    ],
)
def test_judgement(facts: DuplicateFacts, judgement: str) -> None:
    """Each kind of resend gets the judgement practice expects."""
    assert judge(facts) == judgement


def test_a_live_number_is_always_a_duplicate() -> None:
    """Nothing else that is known makes a second invoice under a live number payable."""
    for content, often, said in product((False, True), repeat=3):
        facts = DuplicateFacts(number_live=True, content_live=content, repeatable=often, said_distinct=said, waited=99)
        assert judge(facts) == DUPLICATE


def test_repeatable_only_when_every_line_is() -> None:
    """One medicine among the sessions takes the invoice out of the repeatable ones."""
    assert repeatable([line("nursing"), line("physiotherapy")])
    assert not repeatable([line("nursing"), line("pharmacy")])
