"""`rempart replay`: the theft of a site's key, here and against a model of a portal of 2024."""

from __future__ import annotations

import logging
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rempart.cli._output import Exit, console, emit, fail

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

    from rempart.bench.replay import Figures, Report

app = typer.Typer()
_TARGETS = ("portal-2024", "rempart")
_TITLES = {"guessing": "guessing", "leaked-list": "complete leaked list"}
_CODES = {
    "site-budget": "too many strangers for one site today",
    "hour-budget": "too many strangers this hour",
    "client-budget": "too many strangers for one program today",
    "nir-required": "typed without NIR",
}


@app.command()
def replay(
    people: Annotated[int, typer.Option(min=100, max=5_000_000, help="Beneficiaries of the simulated country.")] = 10_000,
    hours: Annotated[int, typer.Option(min=1, max=24, help="How long the stolen key is used, in simulated hours.")] = 24,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same figures.")] = 1,
    folder: Annotated[Path | None, typer.Option(help="Keep the house in this folder, which must not exist yet.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object instead of the table.")] = False,
) -> None:
    """Steal one pharmacy's key for a day: once guessing, once with a complete leaked list; count who is exposed.

    Starts a house of its own on a simulated clock and ends it; a running house is not touched.
    """
    import structlog

    from rempart.bench import replay as bench
    from rempart.bootstrap.house import HouseError
    from rempart.simulation.http import HttpError

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    if folder is not None and folder.exists():
        fail(f"{folder} exists already: name a new folder", Exit.USAGE, code="folder-exists")
    with ExitStack() as stack:
        place = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rempart-replay-")))
        try:
            report = _shown(bench, place, people, bench.Wanted(hours, seed))
        except (bench.ReplayError, HouseError) as error:
            fail(f"the replay did not end: {error}", code="replay-broken")
        except (HttpError, TimeoutError):
            fail("the replay did not end: the hub stopped answering; try --folder and read hub.log", code="no-answer")
    emit(as_object(report), as_json=json, show=lambda: shown(report))


def _shown(bench: Any, place: Path, people: int, wanted: Any) -> Report:
    """Runs it under a progress bar on standard error."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console(error=True), transient=True) as progress:
        task = progress.add_task("starting a house and loading its rights", total=None)

        def done(percent: int) -> None:
            progress.update(task, description="two simulated days", total=100, completed=percent)

        report: Report = bench.run(place, people, wanted, done=done)
        return report


def as_object(report: Report) -> dict[str, Any]:
    """The report as plain data for `--json`."""
    attacks = []
    for attacker in report.honest:
        for target in _TARGETS:
            found = report.of(attacker, target)
            attacks.append({
                "attacker": found.attacker,
                "target": found.target,
                "attempts": found.attempts,
                "refused": found.refused,
                "refused_by_code": dict(sorted(found.codes.items())),
                "people_exposed": found.exposed,
                "learned": list(found.learned),
                "minutes_to_first_refusal": found.first_refusal,
            })
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

    made = Table(
        title=f"One {report.profession}'s key stolen for {report.hours} simulated hours, {report.people:,} people insured",
        title_justify="left",
    )
    made.add_column("")
    cells = [report.of(attacker, target) for attacker in report.honest for target in _TARGETS]
    for cell in cells:
        name = "portal of 2024" if cell.target == "portal-2024" else "Rempart"
        made.add_column(f"{_TITLES[cell.attacker]}:\n{name}", justify="right", ratio=1)
    made.add_row("attempts", *(f"{cell.attempts:,}" for cell in cells))
    made.add_row("refused", *(f"{cell.refused:,}" for cell in cells))
    for code in sorted({code for cell in cells for code in cell.codes}):
        made.add_row(f"  {_CODES.get(code, code)}", *(f"{cell.codes[code]:,}" for cell in cells))
    made.add_row("first refusal after", *map(_first, cells))
    made.add_row("[bold]people exposed[/]", *(f"[bold]{cell.exposed:,}[/]" for cell in cells))
    made.add_row("learned about each", *(_learned(cell) for cell in cells))
    return made


def _first(cell: Figures) -> str:
    if cell.first_refusal is None:
        return "never"
    hours, minutes = divmod(cell.first_refusal, 60)
    return f"{hours} h {minutes:02d}"


def _learned(cell: Figures) -> str:
    return ", ".join(word.replace("_", " ") for word in cell.learned) or "nothing"


def _notes(report: Report) -> list[str]:
    notes = [
        f"One attempt every {report.every:g} seconds on average, the same for both targets. Exposed: something true was learned,"
        " by the ground truth of the simulation.",
    ]
    asked, refused = (sum(getattr(each, name) for each in report.honest.values()) for name in ("asked", "refused"))
    notes.append(f"Honest questions at all other sites meanwhile: {asked:,} asked, {refused:,} refused.")
    asked, refused = (sum(getattr(each, name) for each in report.victim.values()) for name in ("asked", "refused"))
    notes.append(
        f"At the robbed {report.profession} itself: {asked:,} asked, {refused:,} refused, because the thief spends its budget"
        " until the key is revoked."
    )
    notes.append(
        f"What stops the thief is the budget alone: {report.budget_machine} strangers a day with machine-read data and"
        f" {report.budget_typed} typed, at any pace. Detectors, which close the key much earlier, are not built yet."
    )
    notes.append(
        f"A script that reads the same list at one question a second gets {report.portal_by_script:,} people from the portal."
    )
    return notes
