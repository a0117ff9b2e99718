"""`rempart b2 check` says where and why, and shows nothing of what the file holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from rempart.cli.b2 import app
from rempart.formats.b2.describe import generated
from support.b2_samples import FOLDER, build

if TYPE_CHECKING:
    from pathlib import Path

RUN = CliRunner()


def test_a_sound_file_exits_zero() -> None:
    """Nothing refused, exit 0, counts told."""
    done = RUN.invoke(app, ["check", str(FOLDER / "good-concentrator.b2")])
    assert done.exit_code == 0
    assert "lots 4" in done.output
    assert "invoices 5" in done.output


@pytest.mark.parametrize("name", ["invoice-nir-key", "lot-amc-total", "file-after-end"])
def test_a_fault_is_one_line_and_exits_one(name: str) -> None:
    """Level, record, position, code and sentence; no value of the file."""
    ((level, record, kind, position, code),) = build()[name].faults
    done = RUN.invoke(app, ["check", str(FOLDER / f"{name}.b2")])
    assert done.exit_code == 1
    assert f"{level}: record {record} (type {kind}) position {position}: {code}: " in done.output
    assert "269057510" not in done.output


def test_json_gives_the_same() -> None:
    """`--json` is one object with counts and faults."""
    done = RUN.invoke(app, ["check", "--json", str(FOLDER / "invoice-nir-key.b2")])
    told = json.loads(done.output)
    assert (told["invoices"], told["invoices_refused"], told["lots"]) == (1, 1, 1)
    assert [fault["code"] for fault in told["faults"]] == ["nir-key-wrong"]


def test_nothing_of_a_refused_file_is_counted_as_standing() -> None:
    """A file refused at its end leaves no invoice."""
    done = RUN.invoke(app, ["check", "--json", str(FOLDER / "file-lot-count.b2")])
    assert json.loads(done.output)["invoices"] == 0


def test_a_missing_file_is_an_error_of_use(tmp_path: Path) -> None:
    """A file that is not there exits 2."""
    assert RUN.invoke(app, ["check", str(tmp_path / "absent.b2")]).exit_code == 2


def test_layout_prints_the_tables() -> None:
    """`rempart b2 layout` prints the generated part of the page."""
    assert RUN.invoke(app, ["layout"]).output == generated()
