"""`rempart operator compartment wave` and `letters`, `rempart operator portal require-passkeys`: coming back."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from rempart.cli._operator import DEFAULT, Config, end_if, instant, registering
from rempart.cli._operator_compartments import Officer, reaching
from rempart.cli._output import Exit, fail

PORTAL = "portal:"
Output = Annotated[Path, typer.Option(help="The file to write; it must not exist.")]


def wave(
    name: Annotated[str, typer.Argument(help="portal:OPERATOR")],
    officer: Officer,
    first: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"], help="When the first window begins, Paris time."),
    ] = None,
    minutes: Annotated[int, typer.Option(min=1, max=1440, help="How long each window is.")] = 20,
    shares: Annotated[str, typer.Option(help="Percent of the sites in each window, in order; together 100.")] = "",
    end: Annotated[bool, typer.Option("--end", help="End the plan: everybody comes as they like.")] = False,
    config: Config = DEFAULT,
) -> None:
    """Plan in which windows a portal's sites come back. Plan before you open it: nobody chooses a place."""
    from rempart.domain.waves import MINUTE, Plan, Window
    from rempart.storage import waves

    operator = name.removeprefix(PORTAL)
    if not name.startswith(PORTAL) or not operator:
        fail(f"{name}: waves are for portals: portal:OPERATOR", Exit.NO, code="compartment-unknown")
    parts = [each.strip() for each in shares.split(",")]
    if not end and (first is None or not all(each.isdecimal() for each in parts)):
        fail(f"{name}: say --first and --shares, e.g. 1,4,15,30,50; or --end", Exit.NO, code="windows-shape")
    starts = _micro(first) if first is not None else 0
    planned = [] if end else [int(each) for each in parts]
    windows = tuple(
        Window(starts + place * minutes * MINUTE, minutes, share) for place, share in enumerate(planned)
    )  # fmt: skip
    with reaching(config) as connection:
        plan = Plan(operator, waves.drawn(connection, operator), windows)
        fault = waves.write(connection, plan, officer, instant())
        end_if(fault.code if fault else "", name)
    if not plan.windows:
        typer.echo(f"{name}: no waves; everybody comes as they like")
        return
    typer.echo(f"{name}: {len(windows)} windows, then everybody comes as they like")
    for window in windows:
        typer.echo(f"  {_paris(window.starts)} to {_paris(window.ends)}: {window.share} % of the sites")


def letters(
    name: Annotated[str, typer.Argument(help="A compartment that was closed, restricted or opened.")],
    output: Output,
    config: Config = DEFAULT,
) -> None:
    """Write what each site in it is told of its last change of state, for the operator's own mailing tool (CSV)."""
    from rempart.bootstrap.letters import letters as made

    with reaching(config) as connection:
        found = made(connection, name)
    if found is None:
        fail(f"{name}: it never changed its state", Exit.NO, code="not-closed")
    _write(output, ("site", "profession", "state", "subject_fr", "text_fr", "subject_en", "text_en"), found)
    typer.echo(f"{name}: {len(found)} letters in {output}; no name and no address is in it")


def require_passkeys(
    operator: Annotated[str, typer.Argument(help="The operator whose portal it is.")],
    officer: Officer,
    output: Output,
    site: Annotated[list[str] | None, typer.Option(help="Only accounts of this site; more than once for more.")] = None,
    account: Annotated[list[str] | None, typer.Option(help="Only this account; more than once for more.")] = None,
    everybody: Annotated[bool, typer.Option("--everybody", help="Every account of the operator.")] = False,
    config: Config = DEFAULT,
) -> None:
    """End passkeys and sessions after an incident: each chosen account needs the new code that the file holds."""
    from rempart.bootstrap.letters import Chosen, new_codes

    if not (site or account or everybody):
        fail(f"{operator}: say whose: --site, --account or --everybody", Exit.NO, code="nobody-chosen")
    if output.exists():
        fail(f"{output} exists already: nothing was changed", Exit.NO, code="file-exists")
    with registering(config) as registrar:
        chosen = Chosen(operator, officer, frozenset(site or ()), frozenset(account or ()))
        codes = new_codes(registrar, chosen, instant())
        count = _write(output, ("site", "account", "code", "good_until"), codes)
    typer.echo(f"{operator}: {count} accounts need a new passkey; their codes are in {output} (0600): hand them over")


def _write(output: Path, names: tuple[str, ...], rows: object) -> int:
    """A CSV that only its owner reads, row by row as they are made; how many rows."""
    import os
    from typing import cast

    try:
        number = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        fail(f"{output} exists already: nothing was written", Exit.NO, code="file-exists")
    count = 0
    with os.fdopen(number, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        for row in cast("list[tuple[str, ...]]", rows):
            writer.writerow(row)
            file.flush()  # a code that the keeper took is in the file, whatever happens to the next one
            count += 1
    return count


def _micro(day: datetime) -> int:
    from zoneinfo import ZoneInfo

    from rempart.ground.instants import MICROSECONDS, PARIS

    return int(day.replace(tzinfo=ZoneInfo(PARIS)).timestamp()) * MICROSECONDS


def _paris(micro: int) -> str:
    from zoneinfo import ZoneInfo

    from rempart.ground.instants import PARIS, as_datetime

    return as_datetime(micro).astimezone(ZoneInfo(PARIS)).strftime("%Y-%m-%d %H:%M")
