"""The bench of a whole day's money, at a tiny size: every stage is lived and every invariant holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from rempart.bench.contracts import Bench, rows

pytestmark = [pytest.mark.soak, pytest.mark.postgres]
STAGES = ["upload", "decide", "pay", "settle", "noemie"]


def test_a_small_load_goes_from_files_to_returns(tmp_path: Path) -> None:
    """All invoices are decided, some out of allowances, paid, settled and returned to the cent; shares make a whole."""
    (figure,) = Bench(tmp_path, (400,), people=1_000, workers=2, say=lambda _: None).run()
    assert figure.broken == 0
    assert sum(figure.decided.values()) == 400
    assert figure.decided["paid"] > 300
    assert figure.cents > 0
    assert figure.counted > 0
    assert list(figure.stages) == STAGES
    assert sum(stage.share for name, stage in figure.stages.items() if name != "upload") == pytest.approx(1)
    assert figure.stages["settle"].cpu["commands"] > 0
    assert all(figure.memory[program] > 0 for program in ("hub", "worker", "keeper", "postgres", "commands"))
    assert [row["stage"] for row in rows(figure)] == [*STAGES, "all but upload"]
