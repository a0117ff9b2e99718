"""`rempart replay`: the theft of a site's key, here and against a model of a portal of 2024."""

from __future__ import annotations

import logging
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rempart.cli._output import Exit, console, emit, fail

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rich.console import Group
    from rich.table import Table

    from rempart.bench.replay import Figures, Honest, Report

app = typer.Typer()
_TARGETS = ("portal-2024", "rempart")
_TITLES = {"guessing": "Guessing", "leaked-list": "With list"}
_CODES = {
    "site-budget": "over the day",
    "hour-budget": "over the hour",
}
_WORDS = {"birth": "birth date", "contract": "member number", "kind of contract": "contract kind"}


@app.command()
def replay(
    people: Annotated[
        int, typer.Option(min=100, max=5_000_000, help="Beneficiaries of the simulated country.")
    ] = 10_000,
    hours: Annotated[
        int, typer.Option(min=1, max=24, help="How long the stolen key is used, in simulated hours.")
    ] = 24,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same figures.")] = 1,
    every: Annotated[float, typer.Option(min=5, max=3600, help="Seconds between attempts, on average.")] = 90,
    folder: Annotated[
        Path | None, typer.Option(help="Keep the house in this folder, which must not exist yet.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object instead of the table.")] = False,
    database_url: Annotated[
        str, typer.Option(help="An empty database on any PostgreSQL 15 to 18, as a role that may make roles.")
    ] = "",
) -> None:
    """Steal one pharmacy's key for a day: once guessing, once with a complete leaked list; count who is exposed.

    Starts a house of its own on a simulated clock and ends it; a running house is not touched.
    """
    import structlog

    from rempart.bench import replay as bench
    from rempart.bootstrap.house import HouseError
    from rempart.simulation.http import HttpError
    from rempart.storage.existing import ExistingPostgresError

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    if folder is not None and folder.exists():
        fail(f"{folder} exists already: name a new folder", Exit.USAGE, code="folder-exists")
    with ExitStack() as stack:
        place = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rempart-replay-")))
        try:
            report = _shown(
                partial(bench.run, database_url=database_url), place, people, bench.Wanted(hours, seed, every)
            )
        except ExistingPostgresError as error:
            fail(str(error), Exit.LACKING, code=error.code)
        except (bench.ReplayError, HouseError) as error:
            fail(f"the replay did not end: {error}", code="replay-broken")
        except (HttpError, TimeoutError):
            fail("the replay did not end: the hub stopped answering; try --folder and read hub.log", code="no-answer")
    emit(as_object(report), as_json=json, show=lambda: shown(report))


def _shown(run: Callable[..., Report], place: Path, people: int, wanted: Any) -> Report:
    """Runs it under a progress bar on standard error."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console(error=True), transient=True) as progress:
        task = progress.add_task("starting a house and loading its rights", total=None)

        def done(percent: int) -> None:
            progress.update(task, description="two simulated days", total=100, completed=percent)

        return run(place, people, wanted, done=done)


def as_object(report: Report) -> dict[str, Any]:
    """The report as plain data for `--json`."""
    from rempart.bench.replay import ATTACKS

    attacks = []
    for attacker in ATTACKS:
        for target in _TARGETS:
            found = report.of(attacker, target)
            attacks.append(
                {
                    "attacker": found.attacker,
                    "target": found.target,
                    "attempts": found.attempts,
                    "refused": found.refused,
                    "refused_by_code": dict(sorted(found.codes.items())),
                    "people_exposed": found.exposed,
                    "learned": list(found.learned),
                    "minutes_to_first_refusal": found.first_refusal,
                }
            )
    honest = [
        {
            "attacker": attacker,
            "where": where,
            "asked": counted.asked,
            "refused": counted.refused,
            "refused_by_code": dict(sorted(counted.codes.items())),
            "answered_otherwise": counted.surprises,
        }
        for where, each in (("elsewhere", report.honest), ("robbed-site", report.victim))
        for attacker, counted in each.items()
    ]  # fmt: skip
    return {
        "people": report.people,
        "hours": report.hours,
        "seconds_between_attempts": report.every,
        "seed": report.seed,
        "stolen": report.profession,
        "budget": {"typed": report.budget_typed, "machine": report.budget_machine},
        "attacks": attacks,
        "honest": honest,
        "portal_people_exposed_by_a_script": report.portal_by_script,
    }


def shown(report: Report) -> Group:
    """The table, and under it what a reader must know to believe it."""
    from rich.console import Group

    return Group(_table(report), *_notes(report))


def _table(report: Report) -> Table:
    from rich.table import Table

    from rempart.bench.replay import ATTACKS

    robbed = f"One {report.profession}'s key, stolen for {report.hours} simulated hours"
    made = Table(title=f"{robbed}; {report.people:,} people insured", title_justify="left")
    made.add_column("", no_wrap=True)
    cells = [report.of(attacker, target) for attacker in ATTACKS for target in _TARGETS]
    for cell in cells:
        name = "2024 portal" if cell.target == "portal-2024" else "Rempart"
        made.add_column(f"{_TITLES[cell.attacker]}:\n{name}", justify="right", no_wrap=True)
    made.add_row("[bold]people exposed[/]", *(f"[bold]{cell.exposed:,}[/]" for cell in cells))
    made.add_row("learned of each", *map(_learned, cells))
    made.add_section()
    made.add_row("attempts", *(f"{cell.attempts:,}" for cell in cells))
    made.add_row("refused", *(f"{cell.refused:,}" for cell in cells))
    for code in sorted({code for cell in cells for code in cell.codes}):
        counts = [cell.codes[code] for cell in cells]
        made.add_row(f"  {_CODES.get(code, code)}", *(f"{count:,}" if count else "" for count in counts))
    made.add_row("first refusal", *map(_first, cells))
    return made


def _first(cell: Figures) -> str:
    if cell.first_refusal is None:
        return "none"
    hours, minutes = divmod(cell.first_refusal, 60)
    return f"{hours} h {minutes:02d} on"


def _learned(cell: Figures) -> str:
    return "\n".join(_WORDS.get(word, word.replace("_", " ")) for word in cell.learned) or "nothing"


def _notes(report: Report) -> list[str]:
    others, robbed = _together(report.honest), _together(report.victim)
    harmed = any(each.refused for each in report.victim.values())
    spent = ", because the thief uses up its budget until the key is revoked" if harmed else ""
    return [
        _sentence(
            f"One attempt every {report.every:g} seconds on average, the same ones for both targets.",
            "Exposed: something true was learned about the person, by the ground truth of the simulation.",
        ),
        f"Honest questions at all other sites meanwhile: {others}.",
        f"At the robbed {report.profession}: {robbed}{spent}.",
        _sentence(
            "What limits the thief here is the budget alone, at any pace:",
            f"{report.budget_machine} strangers a day with data read by a machine and {report.budget_typed} typed;",
            "people this site knows are free. Detectors, meant to close the key far earlier, are not built yet.",
        ),
        _sentence(
            f"A script reading the same list at one question a second gets {report.portal_by_script:,} people",
            "out of the portal in the same time.",
        ),
    ]


def _together(counted: Mapping[Any, Honest]) -> str:
    asked, refused = (sum(getattr(each, name) for each in counted.values()) for name in ("asked", "refused"))
    return f"{asked:,} asked, {refused:,} refused"


def _sentence(*parts: str) -> str:
    return " ".join(parts)
