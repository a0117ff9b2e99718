"""`rempart demo --sandbox`: what is printed, and the loop that pays until Ctrl-C."""

from __future__ import annotations

import shutil
import signal
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from rempart.cli._demo_cards import write_codes
from rempart.cli._output import Exit, console, emit, fail, table

if TYPE_CHECKING:
    from rempart.bench.doors import Guest
    from rempart.bench.sandbox import Sandbox, Start

LOOK_SECONDS = 0.2  # how soon Ctrl-C is seen


def serve(folder: Path | None, database_url: str, *, leave: bool, as_json: bool) -> None:
    """Starts everything, says with what to begin, and serves; `leave` ends it at once."""
    from rempart.bench import sandbox
    from rempart.bootstrap.house import House
    from rempart.ground.instants import PARIS, civil_date, now
    from rempart.storage.existing import ExistingPostgresError

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a stop in order, as with Ctrl-C
    place = folder or Path(tempfile.mkdtemp(prefix="rempart-sandbox-"))
    try:
        with House(place / "house", sandbox.options(sandbox.port()), database_url=database_url) as house:
            made = sandbox.Sandbox(house, civil_date(now(), PARIS))
            starts = made.start(place / "software")
            scanned = msgspec.json.decode((place / "software" / "codes.json").read_bytes(), type=dict[str, str])
            write_codes(place / "software" / "cards", scanned)
            portal, guests = made.open_portal(starts)
            told = {
                "hub": house.base, "portal": portal, "invitations": [asdict(guest) for guest in guests],
                "software": [_plain(start) for start in starts], "cards": _cards(),
            }  # fmt: skip
            emit(told, as_json=as_json, show=lambda: _shown(house.base, starts, portal, guests))
            if not leave:
                _pay_until_stopped(made, sandbox.PAY_SECONDS)
    except ExistingPostgresError as error:
        fail(str(error), Exit.LACKING, code=error.code)
    finally:
        if folder is None:
            shutil.rmtree(place, ignore_errors=True)


def _pay_until_stopped(sandbox: Sandbox, seconds: float) -> None:
    """Ctrl-C only raises a flag: an exception in the midst of a payment may fall where Python drops it."""
    stopped = False

    def stop(_number: int, _frame: object) -> None:
        nonlocal stopped
        stopped = True

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    due = time.monotonic() + seconds
    while not stopped:
        time.sleep(LOOK_SECONDS)
        if time.monotonic() >= due and not stopped:
            sandbox.pay()
            due = time.monotonic() + seconds
    console().print("Stopping.")


def _plain(start: Start) -> dict[str, str]:
    return {name: str(getattr(start, name)) for name in ("profession", "client", "site", "key", "environment")}


def _cards() -> list[dict[str, Any]]:
    from rempart.client.sandbox import CARDS

    return [card._asdict() for card in CARDS]


def _shown(base: str, starts: tuple[Start, ...], portal: str, guests: tuple[Guest, ...]) -> Any:
    from rich.console import Group

    from rempart.client.sandbox import CARDS
    from rempart.sealing.invitations import halves

    cards = [(card.name, f"{card.domain}, {card.evidence}", card.answer, card.shows) for card in CARDS]
    software = [(start.profession, start.site, start.client) for start in starts]
    return Group(
        f"SANDBOX, not production: invented people, keys that anyone knows. The hub serves at {base}",
        table("Cards, asked in this order", ("card", "ask", "answer", "what it shows"), cards),
        table("Software to sign in as", ("profession", "site", "client"), software),
        f"The cards whole:  {starts[0].key.with_name('cards.json')}",
        f"Codes to scan:    {starts[0].key.with_name('cards')}",
        table(
            f"The portal: {portal}/invitation",
            ("profession", "site", "told by who invites", "brought by mail (simulated)"),
            [(guest.profession, guest.site, *halves(guest.code)) for guest in guests],
        ),
        "A code is both halves, one after the other; it is good once.",
        f"Begin with:       . {starts[0].environment}",
        "Then:             rempart client conformance",
        "What is due is paid within seconds, once a site and day. Ctrl-C ends it.",
    )
