"""The rights files of all insurers of a country: full and delta, signed, with a known number of deliberately bad lines.

Lines are made from templates, because a bench loads millions; a test holds them equal to what `format_line` writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from rempart.domain.rights import Coverage, Key, RightsLine
from rempart.formats.rights_file import Draft, Expected, format_closure, format_line, write
from rempart.simulation.country import Country
from rempart.simulation.insurers import Insurer
from rempart.simulation.people import Person, Way

BAD_LINES: tuple[tuple[str, bytes], ...] = (
    ("json-malformed", b'{"ref":"BAD-1","keys":['),
    (
        "nir-key",
        b'{"ref":"BAD-2","keys":[{"member":"MEMBER","nir":"199019293000199","birth":"990101","rank":"1"}],COVERAGE}',
    ),
    ("birth-shape", b'{"ref":"BAD-3","keys":[{"member":"MEMBER","nir":null,"birth":"99","rank":"1"}],COVERAGE}'),
    ("keys-none", b'{"ref":"BAD-4","keys":[],COVERAGE}'),
)
"""Code of the reject, and the line; MEMBER and COVERAGE are filled in as the insurer writes them."""


_UNDATED = frozenset({"open", "second"})  # standings whose dates are the same for everybody


@dataclass(frozen=True, slots=True)
class RightsFile:
    """One file written: its insurer's number, how many lines it holds, and how many of them must be rejected."""

    path: Path
    insurer: str
    kind: Literal["full", "delta"]
    sequence: int
    lines: int
    bad: int


def raw_lines(country: Country, first: int = 0, last: int | None = None) -> Iterator[tuple[int, bytes]]:
    """(insurer's index, line of a full file without its end) for families `first` to `last`, the last not included."""
    covers: dict[tuple[int, int, int, str, int, int], bytes] = {}
    for number in range(first, country.families if last is None else last):
        people = country.household(number)
        family = people[0].family
        days = 0 if family.standing in _UNDATED else family.days
        for person in people:
            worn = country.equipment_of(person)
            selector = (family.insurer, family.product, family.level, family.standing, days, worn)
            cover = covers.get(selector)
            if cover is None:
                cover = covers[selector] = coverage_json(country.coverage(person))
            ways = person.ways
            keys = _key(ways[0]) if len(ways) == 1 else "},{".join([_key(way) for way in ways])
            yield family.insurer, f'{{"ref":"{person.reference}","keys":[{{{keys}}}],'.encode() + cover


def _key(way: Way) -> str:
    member, nir, birth, rank = way
    if nir is None:
        return f'"member":"{member}","nir":null,"birth":"{birth}","rank":"{rank}"'
    return f'"member":"{member}","nir":"{nir}","birth":"{birth}","rank":"{rank}"'


def coverage_json(coverage: Coverage) -> bytes:
    """The end of a line, from `"coverage":` on, as the format writes it."""
    line = format_line(RightsLine("R", (Key("0", None, "000000", "1"),), coverage))
    return line[line.index(b'"coverage":') :]


def write_full(country: Country, folder: Path, created: date, *, sequence: int = 1, bad: int = 0) -> list[RightsFile]:
    """One full signed file in `folder` per insurer that covers anyone; `bad` bad lines in the biggest insurer's.

    People are read once, in order; each insurer's lines wait in a plain file beside, so that memory stays flat.
    """
    folder.mkdir(parents=True, exist_ok=True)
    waiting = [folder / f".{insurer.number}.lines" for insurer in country.insurers]
    counts = [0] * len(waiting)
    with ExitStack() as stack:
        outs = [stack.enter_context(path.open("wb", buffering=1 << 16)) for path in waiting]
        for insurer, line in raw_lines(country):
            outs[insurer].write(line + b"\n")
            counts[insurer] += 1
        for place in range(bad):
            outs[0].write(_bad_line(country, place) + b"\n")
            counts[0] += 1
    files = []
    for sender, path, count in zip(country.insurers, waiting, counts, strict=True):
        if count:
            draft = Draft(sender.number, "full", sequence, f"{created.isoformat()}T02:00:00Z")
            files.append(_seal(sender, draft, path, (count, bad if sender.index == 0 else 0)))
        path.unlink()
    return files


def write_delta(country: Country, folder: Path, created: date, *, sequence: int = 2) -> list[RightsFile]:
    """One delta per insurer concerned: one family in 500 closes on `created`, one in 250 is sent again as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    lines: dict[int, list[bytes]] = {}
    closed: dict[int, int] = {}
    for number in range(country.families):
        turn = country.chance.number("delta", number * 1000 + sequence, 500)
        if turn > 2:
            continue
        for person in country.household(number):
            line = format_closure(person.reference, created) if turn == 0 else full_line(country, person, delta=True)
            lines.setdefault(person.insurer, []).append(line)
            closed[person.insurer] = closed.get(person.insurer, 0) + (turn == 0)
    files = []
    for index in sorted(lines):
        insurer, announced = country.insurers[index], Expected(0, closed[index], 0)
        draft = Draft(insurer.number, "delta", sequence, f"{created.isoformat()}T02:00:00Z", "none", announced)
        path = folder / f"{insurer.number}-{sequence:06d}-delta.rights"
        with path.open("wb") as out:
            write(out, draft, lines[index], insurer.signing_key)
        files.append(RightsFile(path, insurer.number, "delta", sequence, len(lines[index]), 0))
    return files


def closes_in_delta(country: Country, person: Person, sequence: int = 2) -> bool:
    """Whether `write_delta` of that sequence ends this person's rights."""
    return country.chance.number("delta", person.family.number * 1000 + sequence, 500) == 0


def full_line(country: Country, person: Person, *, delta: bool = False) -> bytes:
    """The person's line as the format writes it: the slow, plain twin of `raw_lines`."""
    return format_line(RightsLine(person.reference, person.keys, country.coverage(person)), delta=delta)


def _seal(insurer: Insurer, draft: Draft, lines: Path, counts: tuple[int, int]) -> RightsFile:
    path = lines.parent / f"{insurer.number}-{draft.sequence:06d}-{draft.kind}.rights"
    with lines.open("rb") as source, path.open("wb") as out:
        write(out, draft, (line.rstrip(b"\n") for line in source), insurer.signing_key)
    return RightsFile(path, insurer.number, draft.kind, draft.sequence, *counts)


def _bad_line(country: Country, place: int) -> bytes:
    insurer = country.insurers[0]
    cover = coverage_json(country.coverage(country.person(0)))[:-1]
    line = BAD_LINES[place % len(BAD_LINES)][1].replace(b"MEMBER", insurer.written_member(place).encode())
    return line.replace(b"COVERAGE", cover).replace(b"BAD-", b"BAD-%d-" % place)
