"""`rempart bench`: measure on this machine, with the real programs."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from rempart.cli._output import Exit, emit, fail, table

app = typer.Typer(no_args_is_help=True, help="Measure on this machine, with the real programs.")
Json = Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")]


@app.callback()
def bench() -> None:
    """Each command starts what it needs in a folder of its own and removes it afterwards."""


@app.command()
def load(
    people: Annotated[int, typer.Option(min=1_000, max=80_000_000, help="People in the rights files.")] = 5_000_000,
    folder: Annotated[
        Path | None, typer.Option(help="Where the work is done; 3 KB a person.", exists=True, file_okay=False)
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, max=8, help="Files loaded at once.")] = 2,
    as_json: Json = False,
) -> None:
    """Rights files into sealed, answering records: people a second, CPU by program, projection for 33 million."""
    from rempart.bench import load as measured

    place = folder or Path(tempfile.gettempdir())
    if not measured.room(place, people):
        fail(f"{place} has not enough room: choose another with --folder, or fewer --people", Exit.LACKING)
    figures = measured.run(people, folder=folder, jobs=jobs)
    rows = [(name, value) for name, value in measured.flat(figures)]
    emit(asdict(figures), as_json=as_json, show=lambda: table("Loading rights files", ("figure", "value"), rows))


@app.command()
def eligibility(
    people: Annotated[int, typer.Option(min=20_000, help="Insured people; about 1.5 records each.")] = 680_000,
    seconds: Annotated[float, typer.Option(min=1, max=60, help="How long each load lasts.")] = 4.0,
    as_json: Json = False,
) -> None:
    """Questions a second through the whole path, beside a bare handler on the same server, in one run."""
    _quiet()
    _told({"eligibility": _eligibility(people, seconds)}, as_json=as_json)


@app.command()
def invoices(
    sizes: Annotated[str, typer.Option(help="Invoices of each file, separated by commas.")] = "10000,100000",
    people: Annotated[int, typer.Option(min=1_000, help="Insured people loaded first.")] = 100_000,
    as_json: Json = False,
) -> None:
    """Invoices a second of a B2 file through the whole path, with durable disclosures, decisions and transfers."""
    _quiet()
    _told({"invoices": _invoices(tuple(int(size) for size in sizes.split(",")), people)}, as_json=as_json)


@app.command()
def contracts(
    sizes: Annotated[str, typer.Option(help="Invoices of each load, separated by commas.")] = "10000,100000",
    people: Annotated[int, typer.Option(min=1_000, help="Insured people loaded first.")] = 100_000,
    workers: Annotated[int, typer.Option(min=1, max=16, help="Processes that decide.")] = 2,
    folder: Annotated[
        Path | None, typer.Option(help="Where the work is done; 12 KB an invoice.", exists=True, file_okay=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """A day under whole guarantee tables: files in, decided, paid, settled with insurers, returned as NOEMIE."""
    _quiet()
    load = tuple(int(size) for size in sizes.split(","))
    _told({"contracts": _contracts(load, people, workers, folder)}, as_json=as_json)


@app.command()
def portal(
    seconds: Annotated[float, typer.Option(min=1, max=60, help="How long each load lasts.")] = 4.0,
    as_json: Json = False,
) -> None:
    """Pages and questions a second through one portal, what each page weighs, and the first answer on slow lines."""
    from rempart.bench.portal import Bench
    from rempart.ground.instants import PARIS, civil_date, now

    _quiet()
    with tempfile.TemporaryDirectory(prefix="rb-") as folder:
        found = Bench(Path(folder), civil_date(now(), PARIS), seconds=seconds, say=_say).run()
    told = {"portal": [asdict(each) for each in found.figures], "weights": [asdict(each) for each in found.weights]}
    waits = {"first answer, seconds": [asdict(each) for each in found.waits]} if found.waits else {}
    _told(told | waits, as_json=as_json)


@app.command()
def waves(
    sites: Annotated[int, typer.Option(min=100, max=1_000_000, help="Sites that come back.")] = 200_000,
    capacity: Annotated[int, typer.Option(min=1, help="Sign-ins a second that are served.")] = 125,
    minutes: Annotated[int, typer.Option(min=1, max=1440, help="How long each window is.")] = 20,
    shares: Annotated[str, typer.Option(help="Percent of the sites in each window, in order.")] = "1,4,15,30,50",
    svg: Annotated[Path | None, typer.Option(help="Also write the curve as a picture.")] = None,
    as_json: Json = False,
) -> None:
    """Simulate a reopening: everybody within minutes, and in waves. Nothing is started and nothing is measured."""
    from rempart.bench import waves as simulated
    from rempart.domain.waves import Plan, Window, plan_fault

    parts = tuple(int(each) for each in shares.split(",") if each.strip().isdecimal())
    windows = tuple(Window(number * minutes * 60_000_000, minutes, share) for number, share in enumerate(parts))
    if not windows or plan_fault(Plan("simulated", 0, windows)) is not None:
        fail(f"{shares}: percents of each window, in order, that make 100", Exit.NO, code="shares-not-whole")
    assumed = simulated.Assumed(capacity=capacity)
    curves = (
        simulated.at_once(sites, assumed, 1),
        simulated.by_waves(sites, tuple((minutes, share) for share in parts), assumed, 1),
    )
    if svg is not None:
        svg.write_text(simulated.svg(curves, capacity), "utf-8")

    def show() -> str:
        said = [
            f"{simulated.chart(curve, capacity)}\n"
            f"  busiest minute {curve.busiest_second:,.0f} a second, longest queue {curve.longest_queue:,}, "
            f"gave up {sum(curve.given_up):,} times, told to come later {sum(curve.told_early):,}, "
            f"all in after {curve.all_in_minute} minutes\n"
            for curve in curves
        ]
        assumptions = ", ".join(f"{name} {value}" for name, value in asdict(assumed).items())
        return "\n".join((*said, f"assumed: {assumptions}"))

    emit({"assumed": asdict(assumed), "curves": [asdict(curve) for curve in curves]}, as_json=as_json, show=show)


@app.command(name="all")
def everything(
    people: Annotated[int, typer.Option(min=20_000, help="Insured people in each bench.")] = 200_000,
    as_json: Json = False,
) -> None:
    """A short run of every bench; the figures to publish come from the longer ones by name."""
    from rempart.bench import load as measured

    _quiet()
    told = {
        "load": [asdict(measured.run(people))],
        "eligibility": _eligibility(people, 3.0),
        "invoices": _invoices((10_000, 50_000), people),
        "contracts": _contracts((10_000,), people, 2, None),
    }
    _told(told, as_json=as_json)


def _eligibility(people: int, seconds: float) -> list[dict[str, Any]]:
    from rempart.bench.eligibility import Bench, as_json

    with tempfile.TemporaryDirectory(prefix="rb-") as folder:
        return as_json(Bench(Path(folder), people, seconds=seconds, say=_say).run())


def _invoices(sizes: tuple[int, ...], people: int) -> list[dict[str, Any]]:
    from rempart.bench.invoices import Bench

    with tempfile.TemporaryDirectory(prefix="rb-") as folder:
        return [asdict(figure) for figure in Bench(Path(folder), sizes, people, say=_say).run()]


def _contracts(sizes: tuple[int, ...], people: int, workers: int, folder: Path | None) -> list[dict[str, Any]]:
    """One flat row a stage and size; `all` is the whole of it, with what came out."""
    from rempart.bench.contracts import Bench, rows

    with tempfile.TemporaryDirectory(prefix="rb-", dir=folder) as place:
        return [row for figure in Bench(Path(place), sizes, people, workers, _say).run() for row in rows(figure)]


def _quiet() -> None:
    """Programs write their own logs; this command's screen is for figures."""
    import logging

    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


def _say(words: str) -> None:
    typer.echo(words, err=True)


def _told(benches: dict[str, list[dict[str, Any]]], *, as_json: bool) -> None:
    from rich.console import Group

    from rempart.bench.processes import machine

    emit({"machine": machine(), **benches}, as_json=as_json, show=lambda: Group(
        f"Measured on {machine()}; times in ms, processor time in µs an item.",
        *(_rows(name, figures) for name, figures in benches.items()),
    ))  # fmt: skip


def _rows(name: str, figures: list[dict[str, Any]]) -> Any:
    columns = [column for column, value in figures[0].items() if not isinstance(value, dict)]
    return table(name, columns, [[_short(figure[column]) for column in columns] for figure in figures])


def _short(value: Any) -> Any:
    return round(value, 3) if isinstance(value, float) and value < 1 else value
