"""`rempart keeper`: run it, make its ring, rotate its key-encryption key, check its journal, ask how it is."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from rempart.ground.settings import Settings, load

if TYPE_CHECKING:
    from rempart.sealing.ringing import Health

app = typer.Typer(no_args_is_help=True, help="The keeper: the small program that holds the keys.")

Config = Annotated[Path, typer.Option("--config", help="The configuration file.")]


@app.command()
def run(config: Config = Path("rempart.toml")) -> None:
    """Serve on the local sockets until SIGTERM or Ctrl-C."""
    from rempart.bootstrap import keeper
    from rempart.cli._starting import refuse_danger
    from rempart.keeper.__main__ import FAULTS

    settings = _settings(config)
    refuse_danger(settings, "keeper")
    try:
        keeper.run(settings)
    except FAULTS as error:
        _no(str(error))


@app.command()
def init(config: Config = Path("rempart.toml")) -> None:
    """Make a new key ring and its key-encryption key; refuses when there is one."""
    from rempart.bootstrap import keeper
    from rempart.keeper.kek import KekMissingError

    settings = _settings(config)
    try:
        keeper.make_ring(settings)
    except FileExistsError:
        _no(f"{settings.keeper.key_ring} exists: a ring is never replaced")
    except KekMissingError as error:
        _no(str(error))
    typer.echo(f"{settings.keeper.key_ring} made. Back it up apart from its key-encryption key.")


@app.command()
def rotate(config: Config = Path("rempart.toml")) -> None:
    """New key-encryption key, survivors rewrapped, the old one destroyed.

    Works while the keeper runs and when it does not.
    """
    from rempart.keeper import start
    from rempart.keeper.program import RingUnusableError
    from rempart.sealing.client import KeeperSync, KeeperUnavailable
    from rempart.sealing.ringing import OPERATIONS, Nothing

    settings = _settings(config)
    try:
        with KeeperSync(str(settings.paths.keeper_socket("ring")), OPERATIONS) as keeper:
            refusal = keeper.call("rotate_kek", [Nothing()])[0].refusal
    except KeeperUnavailable:
        try:
            start.rotate(settings)
        except RingUnusableError as error:
            _no(str(error))
        refusal = ""
    if refusal:
        _no(refusal)
    typer.echo("Rotated. Older copies of the ring can no longer be read.")


Insurer = Annotated[str, typer.Argument(help="The insurer's number, 10 digits.")]


@app.command("begin-index-key")
def begin_index_key(insurer: Insurer, config: Config = Path("rempart.toml")) -> None:
    """Begin a new index key: the insurer's next full file is sealed under it, and it answers from then on."""
    typer.echo(f"{insurer}: version {_version(config, 'begin', insurer, 0)} begins with the next full file.")


@app.command("retire-index-key")
def retire_index_key(
    insurer: Insurer,
    version: Annotated[int, typer.Argument(min=1, help="The version whose key is dropped.")],
    config: Config = Path("rempart.toml"),
) -> None:
    """Drop the key of an older version: its records answer no more. The last live version stays."""
    _version(config, "retire", insurer, version)
    typer.echo(
        f"{insurer}: version {version} is retired. Rotate now: until then a copy of the ring still holds its key."
    )


@app.command("forget-insurer")
def forget_insurer(
    insurer: Insurer,
    sure: Annotated[str, typer.Option("--for-ever", help="The same number again: nothing brings its records back.")],
    config: Config = Path("rempart.toml"),
) -> None:
    """Drop every key of an insurer that has left: no record of it opens again."""
    from rempart.sealing.ringing import ForgetInsurer

    if sure != insurer:
        _no("--for-ever names another number: nothing was done")
    if refusal := _ring(config, "forget_insurer", ForgetInsurer(insurer)).refusal:
        _no(f"{insurer}: {refusal}")
    typer.echo(f"{insurer} is forgotten. Rotate now: until then a copy of the ring still holds its keys.")


@app.command("verify-journal")
def verify_journal(config: Config = Path("rempart.toml")) -> None:
    """Recompute the journal's chain from its first byte."""
    from rempart.keeper.journal import JournalDamagedError, verify

    try:
        entries = verify(_settings(config).keeper.journal)
    except JournalDamagedError as error:
        _no(str(error))
    typer.echo(f"{entries} entries, chain unbroken.")


@app.command()
def status(config: Config = Path("rempart.toml")) -> None:
    """Figures of the running keeper, without personal data."""
    from rempart.sealing.client import KeeperSync, KeeperUnavailable
    from rempart.sealing.ringing import OPERATIONS, Nothing

    path = str(_settings(config).paths.keeper_socket("ring"))
    try:
        with KeeperSync(path, OPERATIONS, timeout_seconds=5) as keeper:
            health: Health = keeper.call("health", [Nothing()])[0]
    except KeeperUnavailable as error:
        _no(f"{path}: {error}")
    for name, value in health.figures.items():
        typer.echo(f"{name}: {value}")
    typer.echo(f"insurers: {len(health.insurers)}")
    typer.echo(f"log key: {health.verifier_key}")
    typer.echo(f"load key, for `rempart insurer sign --keeper-key`: {base64.b64encode(health.load_public).decode()}")


def _version(config: Path, operation: str, insurer: str, version: int) -> int:
    from rempart.sealing.ringing import IndexKeyItem

    result = _ring(config, operation, IndexKeyItem(insurer, version))
    if result.refusal:
        _no(f"{insurer}: {result.refusal}: the keeper has no such insurer or version, or it is the last live one")
    return int(result.version)


def _ring(config: Path, operation: str, item: Any) -> Any:
    from rempart.sealing.client import KeeperSync, KeeperUnavailable
    from rempart.sealing.ringing import OPERATIONS

    path = str(_settings(config).paths.keeper_socket("ring"))
    try:
        with KeeperSync(path, OPERATIONS) as keeper:
            return keeper.call(operation, [item])[0]
    except KeeperUnavailable as error:
        _no(f"{path}: {error}")


def _settings(path: Path) -> Settings:
    settings = load(path)
    if isinstance(settings, Settings):
        return settings
    for fault in settings:
        typer.echo(str(fault), err=True)
    raise typer.Exit(2)


def _no(reason: str) -> NoReturn:
    typer.echo(reason, err=True)
    raise typer.Exit(1)
