"""What `rempart rights load` shows: whole on a terminal of 80 columns."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from rempart.cli.rights import _shown
from rempart.domain.weighing import Weights
from rempart.worker.rights_outcome import Outcome


def test_every_figure_of_a_load_fits_80_columns() -> None:
    """A million people, a thousand bad lines, a long state: no figure and no state is cut or broken in two."""
    weights = Weights(1_234_567, 345_678, 234_567, 123_456, 1_000_000)
    loaded = Outcome("quarantined", "over-limit", rights_file=4_321, people=1_234_567, rejected=1_000, weights=weights)
    page = Console(file=io.StringIO(), width=80)
    page.print(_shown([(Path("rights-0012345678-000042.ndjson.zst"), loaded)]))
    assert isinstance(page.file, io.StringIO)
    lines = page.file.getvalue().splitlines()
    assert all(len(line) <= 80 for line in lines)
    told = " ".join(" ".join(lines).split())
    assert "…" not in told
    for figure in ("quarantined", "4,321", "1,234,567", "1,000", "+345,678", "-234,567", "~123,456"):
        assert figure in told
