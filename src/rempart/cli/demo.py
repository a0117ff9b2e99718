"""`rempart demo`: every program on this machine, a day of care with invented people, and what came of it."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from rempart.cli._demo_cards import write_codes
from rempart.cli._output import Exit, console, emit, fail, table

if TYPE_CHECKING:
    from rempart.bench.demo import Seen
    from rempart.bench.replay import Report
    from rempart.bootstrap.house import House
    from rempart.simulation.country import Country

app = typer.Typer()


@app.command()
def demo(
    people: Annotated[int, typer.Option(min=100, max=5_000_000, help="How many insured people to invent.")] = 10_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same people and the same day.")] = 1,
    leave: Annotated[bool, typer.Option("--exit", help="Stop at the end instead of serving until Ctrl-C.")] = False,
    replay: Annotated[bool, typer.Option(help="End with the replay of a stolen site key.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object; implies --exit.")] = False,
    folder: Annotated[
        Path | None, typer.Option(help="Keep everything in this new folder instead of a temporary one.")
    ] = None,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Serve fixed invented cards to write software against; nothing is lived.")
    ] = False,
    database_url: Annotated[
        str, typer.Option(help="An empty database on any PostgreSQL 15 to 18, as a role that may make roles.")
    ] = "",
) -> None:
    """Load rights, live a day of care through the real programs, pay, verify the log, and say what held."""
    if sandbox:
        from rempart.cli import _demo_sandbox

        _demo_sandbox.serve(folder, database_url, leave=leave or as_json, as_json=as_json)
        return
    from rempart.bench.demo import OPTIONS, Demo
    from rempart.bootstrap.house import House
    from rempart.ground.instants import now
    from rempart.simulation.country import Country
    from rempart.simulation.sites import day_begun_everywhere
    from rempart.storage.existing import ExistingPostgresError

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a stop in order, as with Ctrl-C
    place = folder or Path(tempfile.mkdtemp(prefix="rempart-demo-"))
    country = Country(seed, people, day=day_begun_everywhere(now()))
    try:
        with House(place / "house", OPTIONS, database_url=database_url) as house:
            with _progress(shown=not as_json) as step:
                seen = Demo(house, country, step).run()
                replayed = _replay(place, database_url, step) if replay else None
            held = all(seen.invariants.values())
            emit(_told(seen, replayed), as_json=as_json, show=lambda: _tables(seen))
            if replayed is not None and not as_json:
                from rempart.cli.replay import shown

                console().print(shown(replayed))
            if not (leave or as_json):
                _serve(house, country, seen.day.undecided)
    except ExistingPostgresError as error:
        fail(str(error), Exit.LACKING, code=error.code)
    finally:
        if folder is None:
            shutil.rmtree(place, ignore_errors=True)
    if not held:
        raise typer.Exit(Exit.NO)


def _replay(place: Path, database_url: str, step: Callable[[str, int], Callable[[], None]]) -> Any:
    from rempart.bench.replay import Wanted, run
    from rempart.storage.existing import beside

    done = step("Replaying a stolen key, 24 simulated hours twice", 0)
    with beside(database_url, "replay") if database_url else nullcontext("") as url:
        report = run(place / "replay", 800, Wanted(24, 1, 150.0), database_url=url)
    done()
    return report


@contextmanager
def _progress(*, shown: bool) -> Iterator[Callable[[str, int], Callable[[], None]]]:
    """One line a step, with a bar where the number of parts is known."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=24), TimeElapsedColumn())
    with Progress(*columns, console=console(error=True), disable=not shown) as progress:

        def step(words: str, parts: int) -> Callable[[], None]:
            for task in progress.tasks:
                progress.update(task.id, total=max(task.completed, 1), completed=max(task.completed, 1))
            task_id = progress.add_task(words, total=parts or None)
            return lambda: progress.advance(task_id)

        yield step


def _told(seen: Seen, replayed: Report | None) -> dict[str, Any]:
    """The object that `--json` prints."""
    from rempart.cli.replay import as_object

    replay = None if replayed is None else as_object(replayed)
    return {"seen": _plain(seen), "invariants": seen.invariants, "replay": replay}


def _plain(seen: Seen) -> dict[str, Any]:
    told = asdict(seen)
    del told["invariants"]
    for name in (
        "questions",
        "bills",
        "reasons",
        "quotes",
        "estimates",
        "appointments",
    ):  # `asdict` took a Counter for its pairs before 3.12
        told["day"][name] = dict(getattr(seen.day, name))
    told["opened"]["surprises"] = [[*what, count] for what, count in seen.opened.surprises.items()]
    told["day"]["surprises"] = [[*what, count] for what, count in seen.day.surprises.items()]
    return told


def _euros(cents: int) -> str:
    return f"{cents // 100:,}.{cents % 100:02d} €".replace(",", " ")


BANK = {
    "settled": "executed",
    "released": "refused, due again",
    "returned": "sent back, waits for new bank details",
    "held": "held for an operator (pending, fees)",
}


ENTRIES = {
    "spend": "counters: used by invoices",
    "give-back": "counters: given back",
    "hold": "counters: held by prises en charge",
    "release": "counters: released by them",
}


def _counted(tally: tuple[int, int]) -> str:
    """How many, and euros."""
    return f"{tally[0]:,}, {_euros(tally[1])}"


def _tables(seen: Seen) -> Any:
    from rich.console import Group

    day, opened, after = seen.day, seen.opened, seen.after
    rows: list[tuple[str, str]] = [
        ("people loaded", f"{seen.people:,} of {seen.insurers} insurers, {seen.records:,} sealed records"),
        ("bad lines in rights files, reported", f"{seen.bad_lines}"),
        ("questions asked", f"{sum(day.questions.values()):,}"),
        *((f"  {answer}", f"{count:,}") for answer, count in day.questions.most_common()),
        ("invoices by state", ", ".join(f"{count:,} {state}" for state, count in seen.states.items())),
        *((f"  {reason}", f"{count:,}") for reason, count in seen.reasons.items()),
        ("refused or tested before a decision", f"{day.bills['refused'] + day.bills['tested']:,}"),
        ("prises en charge asked", ", ".join(f"{count:,} {state}" for state, count in day.quotes.items())),
        ("  agreed", _euros(day.agreed)),
        ("  delivered and owed as agreed", _counted((day.deliveries, day.delivered))),
        ("estimates told to patients", ", ".join(f"{count:,} {answer}" for answer, count in day.estimates.items())),
        ("  the insurer would pay", _euros(day.estimated[0])),
        ("  the patient would pay", _euros(day.estimated[1])),
        ("tomorrow's appointments of a dentist, one batch", f"{sum(day.appointments.values()):,}"),
        *((f"  {answer}", f"{count:,}") for answer, count in day.appointments.most_common()),
        ("paid out of yearly allowances", _counted(day.allowances)),
        *(
            (ENTRIES[kind], f"{many:,}, of {counters:,} allowances and renewals")
            for kind, (many, counters) in seen.allowances.items()
        ),
        ("newborns on a parent's card, provisionally owed", _counted(opened.newborns)),
        ("  of at most, for each", _euros(opened.ceiling)),
        ("rejected, decided again when rights were opened", _counted(opened.again)),
        ("guaranteed after a late closure", _counted(after.guaranteed)),
        ("  closed too, without an accreditation", f"{after.closed:,} rejected"),
        ("B2 files", f"{day.files:,}"),
        ("spent", _euros(seen.spent)),
        ("  compulsory scheme (AMO)", _euros(seen.amo)),
        ("  insurers (AMC), paid by Rempart", _euros(seen.amc)),
        ("  patients", _euros(seen.patient)),
        ("bank files", f"{', '.join(after.bank_files) or 'none'}: {after.transfers:,} transfers"),
        *((f"  the bank: {BANK[act]}", _counted(tally)) for act, tally in after.bank.items()),
        ("paid, less what came back", _euros(after.paid)),
        *((f"claw-backs: {name}", _counted(tally)) for name, tally in after.claims.items() if name != "to deduct"),
        ("calls for funds, each with its settlement file", _counted(after.called)),
        ("payments read back as NOEMIE returns", _counted(after.returns)),
        ("disclosures in the log", f"{seen.disclosures:,}, {seen.log_size:,} under a signed checkpoint"),
        ("time", f"{seen.seconds:.1f} s, of which rights {seen.load_seconds:.1f} s and the day {day.seconds:.1f} s"),
    ]
    invariants = [(name.replace("_", " "), "held" if held else "BROKEN") for name, held in seen.invariants.items()]
    tables = [table("A day of care", ("", ""), rows), table("What must always be true", ("", ""), invariants)]
    surprises = [(what, expected, got, count) for (what, expected, got), count in day.surprises.items()]
    surprises += [(*each, 1) for each in after.surprises]
    if surprises:
        tables.append(
            table("Outcomes that differ from the ground truth", ("what", "expected", "seen", "times"), surprises)
        )
    return Group(*tables)


def _serve(house: House, country: Country, undecided: str) -> None:
    """Opens the portals of two operators, says where to look, and keeps everything up until Ctrl-C.

    `undecided`: the end of the number of an insurer with a request to decide, if any: its desk is shown.
    """
    from rempart.bench import demo_cards, demo_contracts, doors
    from rempart.bench.world import World

    insurer = next(each.number for each in country.insurers if each.number.endswith(undecided))
    operators = tuple(brand.id for brand, _ in doors.OFFERED)
    shown = write_codes(house.folder / "cards", demo_cards.hand_out(World(house, country), operators))
    signed = demo_contracts.signed_in(house, [each.number for each in country.insurers], operators, insurer)
    opened = doors.open_both(house, country.all_sites(), insurer)
    console().print("Two operators' portals. Open one in a browser and choose who you are:")
    for portal in opened:
        people = ", ".join(f"{each.profession} ({each.role})" for each in portal.people)
        console().print(f"  {portal.operator}: {portal.address}", soft_wrap=True)
        console().print(f"    {people}", soft_wrap=True)
    if signed.ended:
        console().print(f"{operators[1]} serves {signed.ended} for care until yesterday, {operators[0]} goes on.")
    console().print("Signed cards to show to a portal's camera:")
    for path in shown:
        console().print(f"  {path}", soft_wrap=True)
    console().print(f"The hub serves at {house.base}; its API is described at {house.base}/schema. Ctrl-C ends it.")
    console().print(f"Configuration, logs and bank files: {house.folder}")
    console().print(
        f"Second halves of invitations, as mail would bring them (simulated): {house.settings.paths.messages}"
    )
    try:
        signal.pause()
    except KeyboardInterrupt:
        console().print("Stopping.")
