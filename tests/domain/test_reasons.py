"""One table of reasons: complete, plain, and nothing else is ever given as a reason."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import rempart.domain
from rempart.domain import adjudication, duplicates, guarantee, invoice_states, particulars, tariffs
from rempart.domain.reason import TODOS
from rempart.domain.reasons import BY_CODE, BY_SHORT, LEVELS, REASONS, from_foreign, sentence

SOURCE = Path(rempart.domain.__file__).parent
CODE = re.compile(r"[a-z]+(-[a-z]+)+")
GIVEN_BY = ("line_facts.py", "line_rules.py", "contract_rules.py", "duplicates.py", "invoice_states.py")
# Kebab-case words of those modules that are names of rules or of other tables, not reasons.
NOT_REASONS = {rule.name for rule in adjudication.RULES} | set(guarantee.KINDS)
NOT_REASONS |= {amount.name for amount in tariffs.AMOUNTS} | set(particulars.NO_CHARGE_BASKETS)
NOT_REASONS |= {"hospital-stay", "dental-prosthesis", "non-optam"}
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


def test_every_reason_has_a_next_step_and_four_characters_of_its_own() -> None:
    """What software shows on its button is one of the table; what a return can hold is unique and never empty."""
    assert {reason.todo for reason in REASONS} == set(TODOS)
    assert len(BY_SHORT) == len(REASONS)
    assert all(re.fullmatch(r"R\d{3}", reason.short) for reason in REASONS)
    for todo in TODOS:
        assert todo.french.endswith(".")
        assert todo.english.endswith(".")
    assert len({todo.code for todo in TODOS}) == len(TODOS)


def test_a_code_of_another_list_leads_to_one_reason() -> None:
    """Banks' codes that mean something to a site map to a sentence; others to nothing."""
    pairs = [pair for reason in REASONS for pair in reason.foreign]
    assert len(pairs) == len(set(pairs))
    found = from_foreign("iso20022", "AC04")
    assert found is not None
    assert found.code == "bank-account-closed"
    assert from_foreign("iso20022", "ZZZZ") is None
