"""What the programs that serve look at before they start; commands that end by themselves do not pay for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rempart.cli._output import Exit, fail

if TYPE_CHECKING:
    from rempart.ground.settings import Settings


def refuse_danger(settings: Settings, program: str) -> None:
    """In production, end the command when this program must not start; every fault is told, one a line."""
    from rempart.bootstrap.checks.starting import start_faults

    faults = start_faults(settings, program)
    if faults:
        lines = "".join(f"\n  {fault.code}: {fault.sentence}; {fault.todo}" for fault in faults)
        fail(f"the {program} does not start:{lines}", Exit.LACKING, code=faults[0].code)
