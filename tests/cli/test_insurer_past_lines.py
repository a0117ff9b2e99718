"""`rempart insurer settlement past-lines`: from opened files to what `rempart table diff` reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from rempart.cli._insurer_settlement import app
from rempart.cli.table import app as table_app

GOOD = Path(__file__).parents[2] / "docs" / "formats" / "guarantee-table" / "good-contract.toml"
RUN = CliRunner()


def row(person: int, **changes: Any) -> bytes:
    """A consultation at 60.00 as `settlement open` writes it, by a doctor without price agreement: 33.00 owed."""
    act = {
        "line": 1, "care": "2026-11-02", "code": "G", "family": "consultation", "quantity": 1, "coefficient": 100,
        "detail": [], "base": 3_000, "rate": 70, "amo": 2_100, "spent": 6_000, "asked": 3_300, "exemption": "",
        "qualifier": "", "place": "", "particulars": {"pricing": "non-optam"},
    }  # fmt: skip
    contract = {
        "product": "CONFORT", "level": "2", "kind": "responsible", "profession": "doctor", "nature": "10",
        "exemption": "", "age": 40,
    }  # fmt: skip
    told = {
        "type": "line", "invoice": f"id-{person}", "line": 1, "site": "123456782", "care": "2026-11-02",
        "reason": "", "rules": [["formula-of-table", 3_300]], "person": f"{person:032x}", "contract": contract,
        "act": act, "reference": f"CLIENT-{person}",
    }  # fmt: skip
    return json.dumps(told | changes).encode() + b"\n"


def made(folder: Path, *files: bytes) -> tuple[Path, str, int]:
    """The file written, what was said, and the exit code."""
    paths = []
    for number, content in enumerate(files):
        paths.append(folder / f"clear-{number}.ndjson")
        paths[-1].write_bytes(content)
    out = folder / "past.ndjson"
    done = RUN.invoke(app, ["past-lines", *map(str, paths), "--out", str(out)])
    return out, done.output, done.exit_code


def test_a_month_of_files_is_compared(tmp_path: Path) -> None:
    """Eleven people over two files: the sample table decides what was decided; the file is its owner's alone."""
    out, said, code = made(tmp_path, b"".join(map(row, range(6))), b"".join(map(row, range(6, 11))))
    assert (code, oct(out.stat().st_mode)[-3:]) == (0, "600")
    assert "11 lines of 11 invoices and 11 people." in said
    assert "Left out" not in said
    assert not any(word in out.read_text() for word in ("CLIENT", "id-", f"{3:032x}"))
    told = json.loads(
        RUN.invoke(table_app, ["diff", str(GOOD), str(GOOD), "--invoices", str(out), "--json"]).stdout
    )  # fmt: skip
    (cell,) = told["cells"]
    assert (cell["people"], cell["before"], cell["after"]) == (11, "363.00", "363.00")


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    """A cancellation in the second file, a line told twice, one rejected for closed rights: each with its sentence."""
    cancelled = b'{"type":"cancellation","invoice":"id-0","site":"123456782","amount":-3300}\n'
    out, said, code = made(tmp_path, row(0) + row(1) + row(2, reason="rights-closed"), row(1) + cancelled)
    assert code == 0
    assert len(out.read_text().splitlines()) == 1
    for sentence in ("1 lines cancelled by their site", "1 lines told already", "1 lines rejected for rights"):
        assert f"Left out: {sentence}" in said


def test_another_file_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    """A file that `settlement open` did not write: its line, no word of it, exit 1, and no half file."""
    out, said, code = made(tmp_path, row(0) + b'{"type": 1, "name": "SECRET"}\n')
    assert (code, out.exists()) == (1, False)
    assert "line 2: opened-line" in said
    assert "SECRET" not in said
