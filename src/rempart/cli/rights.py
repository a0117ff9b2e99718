"""`rempart rights`: load insurers' rights files, see what waits, release or refuse it, tidy what has ended."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rempart.cli._output import Exit, console, emit, fail, settings_or_fail, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from rempart.ground.settings import Settings
    from rempart.worker.rights import Outcome

app = typer.Typer(no_args_is_help=True, help="Rights files: load, see, release, refuse, tidy.")
Config = Annotated[Path, typer.Option("--config", help="The configuration file.")]
Json = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]
Officer = Annotated[str, typer.Option(help="Who says so; a release needs two different people.")]
DEFAULT = Path("rempart.toml")
MEANING = {
    "applied": "answers from now on",
    "unchanged": "this file was loaded before: nothing changed",
    "already-loaded": "this file was loaded before: nothing changed",
    "weighed-too-heavy": "changes more than one file may by itself: two people release it, or one refuses it",
    "approval-unproven": "a word of the insurer's desk is not what its manager signed: docs/operations/alarms.md",
    "second-officer-missing": "one person agreed: a second, different one must",
    "released": "two people agreed: it answers from now on",
    "refused-by-officer": "will never answer; the insurer sends this sequence number again, corrected",
    "rejects-over-threshold": "too many bad lines: nothing changed; send the report to the insurer",
    "strict-rejects": "a bad line, and --strict: nothing changed",
    "file-clear": "not sealed: the insurer seals it (`insurer sign --keeper-key`), or set rights.unsafe_clear_files",
    "sequence-gap": "an earlier file is missing: load it first",
    "sequence-back": "an older file: --restore takes an older full file again",
    "restore-not-older-full": "--restore takes an older full file only",
    "delta-before-full": "the insurer's first file is a full one",
    "quarantine-open": "an earlier file waits in quarantine: release or refuse it first",
    "insurer-unknown": "no such insurer is registered here and with the keeper",
    "signature-differs": "not signed by the insurer's registered key: ask the insurer before anything else",
    "load-running": "another load of this insurer is running",
    "too-many-loads": "the keeper loads as many files at once as it may: try again later",
    "officer-missing": "name the officer",
    "officer-already-spoke": "this person has spoken: another one must",
    "not-in-quarantine": "no file of that number waits",
}
"""What a code means to whoever is on call; faults inside a file are explained in docs/formats/rights-file.md."""


@app.command()
def load(
    files: Annotated[list[Path], typer.Argument(help="Rights files, sealed to the keeper.")],
    config: Config = DEFAULT,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse a file on any bad line.")] = False,
    restore: Annotated[bool, typer.Option("--restore", help="Take an older full file again.")] = False,
    jobs: Annotated[int, typer.Option(min=1, max=8, help="Files loaded at once.")] = 2,
    as_json: Json = False,
) -> None:
    """Load files in the order given (those of one insurer one after the other)."""
    settings = settings_or_fail(config)
    with ThreadPoolExecutor(jobs) as pool:
        lots = list(_by_insurer(files).values())
        done = dict(
            pair for lot in pool.map(lambda lot: _load_lot(settings, lot, strict, restore), lots) for pair in lot
        )
    outcomes = [(path, done[path]) for path in files]
    emit(
        [{"file": path.name, "todo": _todo(outcome), **asdict(outcome)} for path, outcome in outcomes],
        as_json=as_json,
        show=lambda: _shown(outcomes),
    )
    if not as_json:
        for path, outcome in outcomes:
            _lines(path.name, outcome)
    if any(outcome.state in ("refused", "quarantined") for _, outcome in outcomes):
        raise typer.Exit(Exit.NO)


@app.command()
def status(config: Config = DEFAULT, as_json: Json = False) -> None:
    """Where each insurer stands, and what waits for two people."""
    settings = settings_or_fail(config)
    with _database(settings) as connection:
        rows = connection.execute(
            "select i.insurer, i.sequence, f.rights_file, f.sequence, f.over_limit, array(select officer from "
            "rempart.rights_release r where r.rights_file = f.rights_file order by instant) from rempart.insurer i "
            "left join rempart.rights_file f on f.insurer = i.insurer and f.state = 'quarantined' order by i.insurer"
        ).fetchall()
    names = ("insurer", "sequence", "waiting file", "its sequence", "too much", "agreed")
    flat = [(*row[:4], ", ".join(row[4] or ()), ", ".join(row[5])) for row in rows]
    emit([dict(zip(names, row, strict=True)) for row in flat], as_json=as_json, show=lambda: table("", names, flat))


@app.command()
def again(config: Config = DEFAULT, as_json: Json = False) -> None:
    """What each applied file opened again: invoices that waited for rights, looked at, reopened, dropped."""
    settings = settings_or_fail(config)
    with _database(settings) as connection:
        rows = connection.execute(
            "select f.insurer, f.sequence, coalesce(d.looked, 0), coalesce(d.reopened, 0), coalesce(d.dropped, 0), "
            "exists (select from rempart.rights_again a where a.rights_file = f.rights_file), "
            "(select count(*) from rempart.invoice_wait w where w.insurer = f.insurer) "
            "from rempart.rights_file f left join (select rights_file, sum(looked)::bigint as looked, "
            "sum(reopened)::bigint as reopened, sum(dropped)::bigint as dropped from rempart.rights_again_done "
            "group by rights_file) d using (rights_file) where f.state = 'applied' "
            "order by f.insurer, f.rights_file desc"
        ).fetchall()
    names = ("insurer", "sequence", "looked at", "reopened", "dropped", "under way", "still wait")
    flat = [(*row[:5], "yes" if row[5] else "", row[6]) for row in rows]
    emit([dict(zip(names, row, strict=True)) for row in flat], as_json=as_json, show=lambda: table("", names, flat))


@app.command()
def release(rights_file: int, officer: Officer, config: Config = DEFAULT) -> None:
    """Agree that a quarantined file answers; with the second different person it does. Nothing is signed here."""
    _speak(rights_file, officer, config, verdict="release")


@app.command()
def refuse(rights_file: int, officer: Officer, config: Config = DEFAULT) -> None:
    """Refuse a quarantined file: the previous rights go on."""
    _speak(rights_file, officer, config, verdict="refuse")


@app.command()
def prune(config: Config = DEFAULT) -> None:
    """Drop what has ended and is beyond retention; safe at any time."""
    from rempart.ground.instants import now
    from rempart.worker import rights

    settings = settings_or_fail(config)
    with _database(settings) as connection:
        dropped = rights.prune(connection, rights.Rules.of(settings.rights), instant=now())
    console().print(f"{len(dropped)} generations dropped")


def _speak(rights_file: int, officer: str, config: Path, *, verdict: str) -> None:
    from rempart.bootstrap.rights import proof
    from rempart.ground.instants import now
    from rempart.worker import rights

    settings = settings_or_fail(config)
    with _reached(settings) as (connection, keeper):
        if verdict == "release":
            believed = proof(settings)
            outcome = rights.release(connection, keeper, rights_file, officer, instant=now(), proof=believed)
        else:
            outcome = rights.refuse(connection, keeper, rights_file, officer, instant=now())
    console().print(f"file {rights_file}: {outcome.state}: {_todo(outcome)}")
    if outcome.state == "refused" and outcome.code != "refused-by-officer":
        raise typer.Exit(Exit.NO)


def _load_lot(settings: Settings, lot: list[Path], strict: bool, restore: bool) -> list[tuple[Path, Outcome]]:
    from rempart.ground.instants import now
    from rempart.worker import rights

    wish = rights.Wish(strict, restore, settings.rights.unsafe_clear_files)
    rules = rights.Rules.of(settings.rights, _spool(settings))
    done = []
    with _reached(settings) as (connection, keeper):
        for path in lot:
            try:
                outcome = rights.load_path(connection, keeper, path, rules, instant=now(), wish=wish)
            except FileNotFoundError:
                fail(f"{path} does not exist", Exit.USAGE, code="file-absent")
            done.append((path, outcome))
    return done


def _by_insurer(files: list[Path]) -> dict[str, list[Path]]:
    """Files by the insurer their header names; unreadable ones by their own path."""
    from rempart.formats.rights_file import MAX_HEADER, Header, read_header

    lots: dict[str, list[Path]] = {}
    for path in files:
        if not path.is_file():
            fail(f"{path} does not exist", Exit.USAGE, code="file-absent")
        with path.open("rb") as source:
            header = read_header(source.readline(MAX_HEADER + 1))
        lots.setdefault(header.insurer if isinstance(header, Header) else str(path), []).append(path)
    return lots


def _spool(settings: Settings) -> Path:
    from rempart.ground.files import private_folder

    return private_folder(settings.paths.spool)


@contextmanager
def _reached(settings: Settings) -> Iterator[tuple[psycopg.Connection[Any], Any]]:
    """Database and loader, or the command ends with what to do."""
    from rempart.bootstrap.rights import NotReachableError, database, loader

    try:
        with database(settings) as connection, loader(settings) as keeper:
            yield connection, keeper
    except NotReachableError as error:
        fail(str(error), Exit.LACKING, code=error.code)


@contextmanager
def _database(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    from rempart.bootstrap.rights import NotReachableError, database

    try:
        with database(settings) as connection:
            yield connection
    except NotReachableError as error:
        fail(str(error), Exit.LACKING, code=error.code)


def _todo(outcome: Outcome) -> str:
    return MEANING.get(outcome.code or outcome.state, "see docs/formats/rights-file.md, What is refused")


def _shown(outcomes: list[tuple[Path, Outcome]]) -> Any:
    """One row a file, narrow enough for 80 columns; what its code means stands below the table."""
    names = ("file", "no.", "state", "people", "rejected", "change")
    rows = []
    for path, outcome in outcomes:
        weights = outcome.weights
        change = f"+{weights.opened:,} -{weights.closed:,} ~{weights.changed:,}" if weights is not None else ""
        rows.append(
            (path.name, outcome.rights_file, outcome.state, outcome.people, outcome.rejected, change),
        )
    return table("Rights files (change: people opened +, closed -, formula changed ~)", names, rows)


def _lines(name: str, outcome: Outcome) -> None:
    """What to do, and the first bad lines by line, field and code."""
    if outcome.code:
        console().print(f"{name}: {outcome.code} {outcome.field}: {_todo(outcome)}")
    for reject in outcome.rejects[:20]:
        console().print(f"{name}:{reject.line}: {reject.field} {reject.code}", markup=False)
    if outcome.rejected > 20:
        console().print(f"{name}: {outcome.rejected - 20} more bad lines; --json tells those of the report")
