"""`rempart worker`: decide, fold, tidy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rempart.cli._output import refuse_danger, settings_or_fail

app = typer.Typer()


@app.command()
def worker(
    config: Annotated[Path, typer.Option("--config", help="The configuration file.")] = Path("rempart.toml"),
) -> None:
    """Decide what was deposited, fold the log, tidy, until SIGTERM or Ctrl-C."""
    from rempart.bootstrap import worker as program
    from rempart.ground import logs

    settings = settings_or_fail(config)
    refuse_danger(settings, "worker")
    logs.start("worker")
    program.run(settings)
