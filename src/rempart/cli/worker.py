"""`rempart worker`: decide, fold, tidy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rempart.cli._output import settings_or_fail
from rempart.cli._starting import refuse_danger

app = typer.Typer()


@app.command()
def worker(
    config: Annotated[Path, typer.Option("--config", help="The configuration file.")] = Path("rempart.toml"),
    *,
    log_only: Annotated[
        bool, typer.Option("--log-only", hidden=True, help="The log's process; the worker starts it.")
    ] = False,
    decide_only: Annotated[
        bool, typer.Option("--decide-only", hidden=True, help="A further deciding process; the worker starts it.")
    ] = False,
) -> None:
    """Decide what was deposited, fold the log, tidy, until SIGTERM or Ctrl-C."""
    from rempart.bootstrap import deciding_process, log_process
    from rempart.bootstrap import worker as program
    from rempart.ground import logs

    settings = settings_or_fail(config)
    refuse_danger(settings, "worker")
    logs.start("worker-log" if log_only else "worker-deciding" if decide_only else "worker")
    if log_only:
        log_process.keep(settings)
    elif decide_only:
        deciding_process.run(settings, config.absolute())
    else:
        program.run(settings, config.absolute())
