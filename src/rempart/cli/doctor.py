"""`rempart doctor`: what is wrong with this installation, and what to do about it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rempart.cli._output import Exit, emit, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from rempart.bootstrap.checks.findings import Finding

app = typer.Typer()


@app.command()
def doctor(
    config: Annotated[Path, typer.Option("--config", help="The configuration file.")] = Path("rempart.toml"),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")] = False,
) -> None:
    """Check configuration, keys, database and machine before anything listens; changes nothing."""
    from rempart.bootstrap.doctor import examine, healthy

    findings = examine(config)
    emit({"checks": [_plain(finding) for finding in findings], "healthy": healthy(findings)},
         as_json=as_json, show=lambda: _table(findings))  # fmt: skip
    if not healthy(findings):
        raise typer.Exit(Exit.NO)


def _plain(finding: Finding) -> dict[str, Any]:
    from rempart.bootstrap.checks.findings import LeftOut, Ok

    outcome = finding.outcome
    if isinstance(outcome, Ok):
        return {"check": finding.check, "result": "ok", "said": outcome.said}
    if isinstance(outcome, LeftOut):
        return {"check": finding.check, "result": "left-out", "said": outcome.reason}
    faults = [{"code": fault.code, "wrong": fault.sentence, "do": fault.todo} for fault in outcome]
    result = "warning" if all(fault.warns for fault in outcome) else "fault"
    return {"check": finding.check, "result": result, "faults": faults}


def _table(findings: Sequence[Finding]) -> Table:
    rows: list[tuple[str, str, str]] = []
    for finding in findings:
        plain = _plain(finding)
        if finding.faults:
            rows += [
                (finding.check, f"warning: {fault.code}" if fault.warns else fault.code,
                 f"{fault.sentence}\n→ {fault.todo}") for fault in finding.faults
            ]  # fmt: skip
        else:
            rows.append((finding.check, plain["result"].replace("-", " "), plain["said"]))
    return table("", ("check", "result", "what is, and what to do"), rows)
