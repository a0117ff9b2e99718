"""Stand-in rules from the insurer's desk to the hub, by command; what is not backed is not published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from rempart.cli import build
from rempart.cli._insurer_keys import make_keys
from rempart.cli._output import Failure
from rempart.storage.insurer_tables import stand_in
from support.money import FIRST, SECOND, MoneyWorld

pytestmark = pytest.mark.postgres
SAMPLE = Path(__file__).parents[2] / "docs" / "formats" / "samples" / "binding-table.toml"


def run(*words: object) -> str:
    """Nothing when it was done, else its code; of the insurer's own commands, their sentence."""
    typed = [str(word) for word in words]
    found = CliRunner().invoke(build(typed), typed)
    if isinstance(found.exception, Failure):
        return found.exception.code
    assert found.exception is None or isinstance(found.exception, SystemExit)
    return found.stderr if found.exit_code else ""


@pytest.fixture
def desk(money: MoneyWorld, tmp_path: Path) -> Path:
    """The insurer's keys; its table of what binds it is loaded: cards at pharmacies, up to 150 euros."""
    make_keys(tmp_path / "keys")
    assert run("binding", "load", SAMPLE, "--by", "agent-1", "--config", money.config) == ""
    return tmp_path


def signed(desk: Path, sequence: int = 1, **rule: Any) -> Path:
    out = desk / f"signed-{sequence}"
    content = {
        "format": "rempart-stand-in/1", "insurer": rule.pop("insurer", FIRST), "sequence": sequence,
        "from": "2026-11-01", "to": "2026-12-31",
        "rules": [{"evidence": "card", "most": 15_000, "professions": ["pharmacy"]} | rule],
    }  # fmt: skip
    (desk / "rules.json").write_text(json.dumps(content))
    assert run("insurer", "stand-in", "sign", desk / "rules.json", "--keys", desk / "keys", "--out", out) == ""
    return out


def load(money: MoneyWorld, desk: Path, file: Path) -> str:
    return run("stand-in", "load", file, "--public", desk / "keys" / "public.json", "--config", money.config)


def published(money: MoneyWorld) -> bytes | None:
    with money.sql("hub") as connection:
        return stand_in(connection, FIRST)


def test_signed_rules_are_published_as_they_are(money: MoneyWorld, desk: Path) -> None:
    """Byte for byte, readable by the hub; the next sequence replaces them, an older one does not."""
    first = signed(desk, 2)
    assert run("insurer", "stand-in", "check", first, "--public", desk / "keys" / "public.json") == ""
    assert load(money, desk, first) == ""
    assert published(money) == first.read_bytes()
    assert load(money, desk, signed(desk, 1)) == "older-sequence"
    later = signed(desk, 3, most=9_000)
    assert load(money, desk, later) == ""
    assert published(money) == later.read_bytes()


@pytest.mark.parametrize(
    "rule", [{"most": 15_001}, {"professions": []}, {"professions": ["nurse"]}, {"evidence": "paper"}]
)
def test_a_promise_that_would_not_be_kept_is_not_published(money: MoneyWorld, desk: Path, rule: dict[str, Any]) -> None:
    """A cent more, at every profession, at another one, for another evidence than what binds the insurer."""
    assert load(money, desk, signed(desk, **rule)) == "stand-in-not-bound"
    assert published(money) is None


def test_an_accreditation_stands_in_without_a_table(money: MoneyWorld, desk: Path) -> None:
    """Accreditations bind everyone; the rules of an insurer that is not registered are refused."""
    assert load(money, desk, signed(desk, insurer=SECOND, evidence="accreditation", professions=[])) == ""
    assert load(money, desk, signed(desk, 2, insurer="0000000000", evidence="accreditation")) == "unknown-insurer"


def test_rules_signed_by_somebody_else_are_refused(money: MoneyWorld, desk: Path) -> None:
    """The operator verifies against the key the insurer registered."""
    file = signed(desk)
    make_keys(desk / "other")
    said = run("stand-in", "load", file, "--public", desk / "other" / "public.json", "--config", money.config)
    assert said == "signature-differs"
