"""`rempart bench`: what is wrong with its arguments is said before anything is started."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from rempart.cli import build
from rempart.cli._output import Exit


@pytest.mark.parametrize("bench", ["load", "contracts"])
def test_a_folder_that_is_not_there_is_said(tmp_path: Path, bench: str) -> None:
    """Not after the start of everything, and not as an unexpected error."""
    done = CliRunner().invoke(build(["bench"]), ["bench", bench, "--folder", str(tmp_path / "absent")])
    assert done.exit_code == Exit.USAGE
    assert "'--folder'" in done.output
