"""`rempart table`: check, explain, diff, and the way to XLSX and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from rempart.cli.table import app

FOLDER = Path(__file__).parents[2] / "docs" / "formats" / "guarantee-table"
GOOD = FOLDER / "good-contract.toml"
RUN = CliRunner()


def run(*words: object, exit_code: int = 0) -> str:
    done = RUN.invoke(app, [str(word) for word in words])
    assert done.exit_code == exit_code, done.output
    return done.output


def test_a_sound_table_has_nothing_to_remark() -> None:
    """The sample contract is whole and lawful: exit 0."""
    assert "Nothing to remark." in run("check", GOOD)


def test_a_fault_is_told_with_its_line() -> None:
    """A table that cannot be used: exit 1, line, key and code."""
    assert "line 10, product[1].formulas.AUDI.ceiling: fault ceiling-not-said." in run(
        "check", FOLDER / "bad-ceiling-not-said.toml", exit_code=1
    ).replace("\n", " ")


def test_what_law_forbids_is_told_with_its_line(tmp_path: Path) -> None:
    """A usable table that a responsible contract may not have: exit 1, and JSON says where."""
    file = tmp_path / "wrong.toml"
    text = GOOD.read_text(encoding="utf-8")
    before = 'PHAR = { kind = "ticket-moderateur", except-rates = [15] }'
    file.write_text(text.replace(before, 'PHAR = { kind = "none" }'), encoding="utf-8")
    told = json.loads(run("check", file, "--json", exit_code=1))
    line = text[: text.index("PHAR =")].count("\n") + 1
    assert told["usable"]
    assert [(row["weight"], row["line"], row["code"]) for row in told["remarks"]] == [
        ("forbidden", line, "below-ticket-moderateur")
    ]


def test_explain_says_each_rule_and_amount() -> None:
    """A doctor without price agreement: the case, the formula, the limit, the shares, in sentences."""
    act = ("--act", "consultation", "--product", "CONFORT", "--level", "2", "--date", "2026-11-02")
    told = " ".join(run("explain", GOOD, *act, "--pricing", "non-optam", "--spent", "90").split())
    assert "Case: pricing non-optam." in told
    assert "The contract pays 180 % of the base, the compulsory share included: 33,00 €." in told
    assert "Spent 90,00 €, compulsory 21,00 €, insurer 33,00 €, patient 36,00 €." in told


def test_explain_says_why_nothing_is_paid() -> None:
    """A class A frame above its price limit: the reason and its code."""
    act = ("--act", "optics", "--product", "CONFORT", "--level", "2", "--date", "2026-11-02")
    act += ("--base", "9", "--rate", "60")
    told = json.loads(run("explain", GOOD, *act, "--item", "frame", "--basket", "A", "--spent", "31", "--json"))
    assert (told["reason"], told["amc"]) == ("price-over-limit", 0)
    assert any("[price-over-limit]" in sentence for sentence in told["sentences"])


def test_explain_refuses_what_it_does_not_know() -> None:
    """An act, a product or an amount that is none: exit 2, and nothing is explained."""
    usual = {"--act": "consultation", "--product": "CONFORT", "--level": "2", "--date": "2026-11-02"}
    for change in ({"--act": "haircut"}, {"--product": "NONE"}, {"--base": "1.234"}):
        options = [word for pair in (usual | change).items() for word in pair]
        assert RUN.invoke(app, ["explain", str(GOOD), *options]).exit_code != 0


def test_what_law_forbids_is_told_with_the_row_of_a_workbook(tmp_path: Path) -> None:
    """A remark about a workbook names the row of `pays` where its formula stands."""
    wrong, book = tmp_path / "wrong.toml", tmp_path / "wrong.xlsx"
    text = GOOD.read_text(encoding="utf-8")
    wrong.write_text(text.replace('MED = { kind = "ticket-moderateur" }', 'MED = { kind = "none" }'), encoding="utf-8")
    run("export", wrong, book)
    (row,) = json.loads(run("check", book, "--json", exit_code=1))["remarks"]
    assert (row["code"], row["line"], row["key"]) == ("below-ticket-moderateur", 3, "product[1].formulas.MED")


def past(people: int) -> str:
    line: dict[str, Any] = {
        "product": "CONFORT", "level": "2", "kind": "responsible", "profession": "doctor", "care_date": "2026-05-04",
        "family": "consultation", "base": 3000, "rate": 70, "amo": 2100, "spent": 6000, "amc": 3900,
        "pricing": "optam",
    }  # fmt: skip
    return "\n".join(json.dumps(line | {"person": f"p{number}"}) for number in range(people))


def test_diff_tells_what_changes_and_hides_few(tmp_path: Path) -> None:
    """200 % becomes 150 %: eleven people lose 15.00 each; of ten nothing is said."""
    new, lines = tmp_path / "new.toml", tmp_path / "past.ndjson"
    old_case = 'pricings = ["sector-1", "optam"]\npays = { kind = "percent-including-amo", percent = 200 }'
    text = GOOD.read_text(encoding="utf-8")
    new.write_text(text.replace(old_case, old_case.replace("200", "150")), encoding="utf-8")
    lines.write_text(past(11), encoding="utf-8")
    (cell,) = json.loads(run("diff", GOOD, new, "--invoices", lines, "--json"))["cells"]
    assert (cell["product"], cell["domain"], cell["people"]) == ("CONFORT/2", "MED", 11)
    assert (cell["before"], cell["after"], cell["difference"]) == ("429.00", "264.00", "-165.00")
    lines.write_text(past(10), encoding="utf-8")
    assert "Fewer than 11 people" in run("diff", GOOD, new, "--invoices", lines)


def test_a_workbook_goes_out_and_comes_back(tmp_path: Path) -> None:
    """Export, import, export: the TOML is the same both times, and a workbook is checked as a table is."""
    book, back, again = tmp_path / "t.xlsx", tmp_path / "t.toml", tmp_path / "u.toml"
    run("export", GOOD, book)
    run("import", book, back)
    run("import", back, again)
    assert back.read_bytes() == again.read_bytes()
    assert "Nothing to remark." in run("check", book)
