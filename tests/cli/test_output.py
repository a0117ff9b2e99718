"""Tables on a narrow terminal."""

from __future__ import annotations

import io

from rich.console import Console

from rempart.cli._output import table


def test_no_figure_is_cut_however_narrow_the_terminal() -> None:
    """Twelve columns of figures at eighty signs: broken over lines, and every digit is there."""
    out = io.StringIO()
    rows = [tuple(1_234_567 + number for number in range(12))]
    Console(file=out, width=80).print(table("Wide", [f"column {number}" for number in range(12)], rows))
    assert "…" not in out.getvalue()
    assert sum(sign.isdigit() for line in out.getvalue().splitlines()[3:] for sign in line) >= 12 * 7
