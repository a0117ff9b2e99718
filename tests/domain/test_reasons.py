"""One table of reasons: complete, plain, and nothing else is ever given as a reason."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import rempart.domain
from rempart.domain import adjudication, duplicates, guarantee, invoice_states
from rempart.domain.reasons import BY_CODE, LEVELS, REASONS, sentence

SOURCE = Path(rempart.domain.__file__).parent
CODE = re.compile(r"[a-z]+(-[a-z]+)+")
GIVEN_BY = ("adjudication.py", "duplicates.py", "invoice_states.py")
# Kebab-case words of those modules that are names of rules or of other tables, not reasons.
NOT_REASONS = {rule.name for rule in adjudication.RULES} | set(guarantee.KINDS)
ASKED = [
    "unknown-insurer",
    "not-confirmed",
    "rights-closed",
    "domain-not-covered",
    "amo-inconsistent",
    "duplicate",
    "possible-duplicate",
    "accreditation-unknown",
    "accreditation-other-person",
    "too-old",
    "future-care",
    "no-mandate",
    "no-payee",
    "budget-waiting",
    "test-lot",
    "totals-wrong",
    "hospital-family-not-handled",
    "product-unknown",
    "table-missing",
    "unknown-family",
    "cancelled",
]


def codes_in(path: Path) -> set[str]:
    """Every kebab-case string that the module's code (not its docstrings) holds."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    strings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text for text in strings if CODE.fullmatch(text)} - NOT_REASONS


@pytest.mark.parametrize("module", GIVEN_BY)
def test_every_code_given_is_in_the_table(module: str) -> None:
    """A module that gives a reason gives one of the table."""
    found = codes_in(SOURCE / module)
    assert found
    assert found <= set(BY_CODE)


def test_table_of_guarantees_gives_reasons_of_the_table() -> None:
    """The two codes by which a guarantee table does not answer are reasons, and both hold the invoice."""
    assert set(BY_CODE) >= adjudication.HELD_REASONS
    assert codes_in(SOURCE / "guarantee.py") >= adjudication.HELD_REASONS


def test_table_holds_every_reason_asked_for() -> None:
    """The reasons the trade needs are all there."""
    assert set(ASKED) <= set(BY_CODE)
    assert duplicates.POSSIBLE in BY_CODE
    assert invoice_states.CANCELLED in BY_CODE


def test_codes_are_unique_stable_words() -> None:
    """No code is there twice; each is kebab-case, at a known level."""
    assert len(BY_CODE) == len(REASONS)
    for reason in REASONS:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", reason.code)
        assert reason.level in LEVELS


@pytest.mark.parametrize("reason", REASONS, ids=lambda reason: reason.code)
def test_sentences_are_for_people(reason: object) -> None:
    """Both sentences are whole, short, and say more than the code."""
    code = getattr(reason, "code", "")
    for text in (sentence(code), sentence(code, english=True)):
        assert text[0].isupper()
        assert text.endswith(".")
        assert 20 < len(text) <= 220
        assert code not in text or "-" not in code


def test_unknown_code_is_our_fault() -> None:
    """Asking the sentence of a code that does not exist fails loudly."""
    with pytest.raises(KeyError):
        sentence("no-such-reason")
