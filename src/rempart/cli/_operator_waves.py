"""`rempart operator compartment wave` and `letters`, `rempart operator portal require-passkeys`: coming back."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from rempart.cli._operator import DEFAULT, MEANING, Config, end_if, instant, registering
from rempart.cli._operator_compartments import Officer, reaching
from rempart.cli._output import Exit, fail

PORTAL = "portal:"
_CODES = ("site", "account", "good_until")
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
    with _csv(output, ("site", "profession", "state", "subject_fr", "text_fr", "subject_en", "text_en")) as write:
        for each in found:
            write(each)
    typer.echo(f"{name}: {len(found)} letters in {output}; no name and no address is in it")


def require_passkeys(
    operator: Annotated[str, typer.Argument(help="The operator whose portal it is.")],
    officer: Officer,
    output: Annotated[Path, typer.Option(help="The file of first halves of the codes; it must not exist.")],
    second: Annotated[Path, typer.Option(help="The file of second halves: it travels another way. It must not exist.")],
    site: Annotated[list[str] | None, typer.Option(help="Only accounts of this site; more than once for more.")] = None,
    account: Annotated[list[str] | None, typer.Option(help="Only this account; more than once for more.")] = None,
    everybody: Annotated[bool, typer.Option("--everybody", help="Every account of the operator, desks too.")] = False,
    config: Config = DEFAULT,
) -> None:
    """End passkeys and sessions after an incident: each chosen account needs a new code, half of it in each file.

    Who was chosen and not done is named on the error output; the exit code is then 1.
    """
    from rempart.bootstrap.letters import Chosen, NotDone, new_codes

    if not (site or account or everybody):
        fail(f"{operator}: say whose: --site, --account or --everybody", Exit.NO, code="nobody-chosen")
    for path in (output, second):
        if path.exists():
            fail(f"{path} exists already: nothing was changed", Exit.NO, code="file-exists")
    with registering(config) as registrar:
        chosen = Chosen(operator, officer, frozenset(site or ()), frozenset(account or ()))
        with _csv(output, (*_CODES, "first_half")) as first_halves, _csv(second, (*_CODES, "second_half")) as others:
            count, left = 0, 0
            for each in new_codes(registrar, chosen, instant()):
                if isinstance(each, NotDone):
                    typer.echo(f"{each.account}: nothing was changed: {MEANING.get(each.code, each.code)}", err=True)
                    left += 1
                    continue
                one = (each.site, each.account, each.good_until)
                first_halves((*one, each.first_half))
                others((*one, each.second_half))
                count += 1
    typer.echo(f"{operator}: {count} accounts need a new passkey; half of each code is in {output}, half in {second}")
    typer.echo("Both files are 0600: send them two different ways.")
    if left:
        fail(f"{operator}: {left} accounts were not done, each is named above", Exit.NO, code="not-everybody")


@contextmanager
def _csv(output: Path, names: tuple[str, ...]) -> Iterator[Callable[[tuple[str, ...]], None]]:
    """What writes one row into a CSV that only its owner reads.

    A row is in the file when it is written: a code that the keeper took is there, whatever happens to the next one.
    """
    import os

    try:
        number = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        fail(f"{output} exists already: nothing was written", Exit.NO, code="file-exists")
    with os.fdopen(number, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)

        def write(row: tuple[str, ...]) -> None:
            writer.writerow(row)
            file.flush()

        yield write


def _micro(day: datetime) -> int:
    from zoneinfo import ZoneInfo

    from rempart.ground.instants import MICROSECONDS, PARIS

    return int(day.replace(tzinfo=ZoneInfo(PARIS)).timestamp()) * MICROSECONDS


def _paris(micro: int) -> str:
    from zoneinfo import ZoneInfo

    from rempart.ground.instants import PARIS, as_datetime

    return as_datetime(micro).astimezone(ZoneInfo(PARIS)).strftime("%Y-%m-%d %H:%M")
