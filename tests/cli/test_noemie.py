"""`rempart noemie check` says whether a return stands, and where not."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from rempart.cli.noemie import app
from rempart.formats.noemie.describe import generated, reasons_table
from support.noemie_samples import FOLDER, build

RUN = CliRunner()


def test_a_sound_return_is_counted() -> None:
    """Groups, states and the amount; exit 0."""
    done = RUN.invoke(app, ["check", str(FOLDER / "good-payment.noemie")])
    assert done.exit_code == 0
    assert "1 groups, paid 1, rejected 1" in done.output
    told = json.loads(RUN.invoke(app, ["check", "--json", str(FOLDER / "good-payment.noemie")]).output)
    assert (told["amount"], told["groups"], told["paid"]) == (1_034, 1, 1)
    assert "no invoice" in RUN.invoke(app, ["check", str(FOLDER / "good-empty.noemie")]).output


@pytest.mark.parametrize("name", ["control-sum", "state", "after-end"])
def test_a_refused_return_exits_one_with_its_place(name: str) -> None:
    """Entity, type, position, code and sentence."""
    fault = build()[name].fault
    assert fault is not None
    done = RUN.invoke(app, ["check", str(FOLDER / f"{name}.noemie")])
    assert done.exit_code == 1
    assert f"refused: entity {fault[0]} (type {fault[1]}) position {fault[2]}: {fault[3]}: " in done.output


def test_the_tables_are_printed() -> None:
    """`layout` and `reasons` print the generated parts of the pages."""
    assert RUN.invoke(app, ["layout"]).output == generated()
    assert RUN.invoke(app, ["reasons"]).output == reasons_table()
