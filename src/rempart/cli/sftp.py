"""`rempart sftp`: take files over SFTP and pass them to the hub; make its keys; check that it can work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rempart.cli._output import Exit, fail

if TYPE_CHECKING:
    from rempart.sftp.settings import Settings

app = typer.Typer(help="Take files over SFTP and pass them to the hub.", invoke_without_command=True)
Config = Annotated[Path, typer.Option("--config", help="The gateway's configuration file.")]


@app.callback()
def sftp(context: typer.Context, config: Config = Path("sftp.toml")) -> None:
    """Take files until SIGTERM or Ctrl-C."""
    if context.invoked_subcommand is not None:
        return
    from rempart.bootstrap import sftp as program
    from rempart.ground import logs

    settings = _settings(config)
    logs.start("sftp")
    try:
        program.run(settings)
    except program.StartRefusedError as refused:
        fail(str(refused), Exit.LACKING, code=refused.code)


@app.command("new-key")
def new_key(
    key: Annotated[Path, typer.Option(help="Where its signing key goes, mode 0600.")] = Path("sftp-key.json"),
    host_key: Annotated[Path, typer.Option(help="Where its SSH host key goes, mode 0600.")] = Path("sftp-host-key"),
    public: Annotated[Path, typer.Option(help="Where the public key to register goes.")] = Path("sftp-public.json"),
) -> None:
    """Make the gateway's two keys; print the host key's line, which clients pin."""
    from rempart.bootstrap.sftp import new_keys

    try:
        registered, line = new_keys(key, host_key)
        public.write_text(registered + "\n", "utf-8")
    except FileExistsError as error:
        fail(f"{error.args[0]} exists already: name another file", Exit.USAGE, code="output-exists")
    except OSError as error:
        fail(f"a key cannot be written ({type(error).__name__})", Exit.BROKEN, code="not-written")
    typer.echo(line)


@app.command()
def check(config: Config = Path("sftp.toml")) -> None:
    """Say whether the gateway could serve: its configuration, its keys, and that the hub knows it as a gateway."""
    from rempart.bootstrap import sftp as program

    settings = _settings(config)
    try:
        faults = program.checked(settings)
    except program.StartRefusedError as refused:
        fail(str(refused), Exit.LACKING, code=refused.code)
    if faults:
        fail(faults, Exit.NO, code="gateway-not-ready")
    typer.echo("the gateway can serve")


def _settings(config: Path) -> Settings:
    from rempart.sftp.settings import load

    settings = load(config)
    if isinstance(settings, tuple):
        lines = "".join(f"\n  {fault}" for fault in settings)
        fail(f"the configuration {config} is not usable:{lines}", Exit.LACKING, code=settings[0].code)
    return settings
