"""Operators' portals on this machine, with people invited or ready-made: for the demo, the sandbox, tests in a browser.

Each is a name below `localhost`, where browsers make passkeys without https. For invented people only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

import msgspec

from rempart.bench.world import OPERATOR
from rempart.bootstrap import inviting
from rempart.bootstrap.house import House, free_ports
from rempart.bootstrap.portal import new_key
from rempart.bootstrap.registering import registrar
from rempart.client.demo_passkey import DemoPasskey
from rempart.client.doors import Doors, PortalAccount
from rempart.client.hub import load_key
from rempart.gateways.messages import INVITATION
from rempart.ground.files import SecretRefused, private_folder, write_whole
from rempart.ground.instants import PARIS, civil_date, now
from rempart.portal.demo import DemoPerson
from rempart.sealing.invitations import HAS_NUMBER
from rempart.sealing.ringing import Nothing
from rempart.simulation.sites import Site
from rempart.wire.problem import Problem

YEAR = timedelta(days=365)
HOST = "{}.localhost"


@dataclass(frozen=True, slots=True)
class Brand:
    """How an operator shows itself. `id` as its sites name it."""

    id: str
    name: str
    colour: str
    telephone: str = "01 99 00 00 00"


@dataclass(frozen=True, slots=True)
class Guest:
    """Who was invited to a site, with a code that is good once: whole, as no operator ever sees it."""

    profession: str
    site: str
    code: str = field(repr=False)
    role: str = "professional"
    account: str = ""


@dataclass(frozen=True, slots=True)
class Ready:
    """Whom the demo makes a passkey for: a role at a site of that profession, or at a desk (operator, insurer)."""

    profession: str
    site: str
    role: str = "professional"


class Opened(NamedTuple):
    """One portal of the demo: who runs it, where it is, whom it offers."""

    operator: str
    address: str
    people: tuple[Ready, ...]


HORIZON = Brand(OPERATOR, "Horizon Tiers Payant", "#0b5c55", "01 99 00 12 34")
LITTORAL = Brand("littoral", "Littoral Santé", "#5a3d8a", "01 99 00 56 78")
OFFERED: tuple[tuple[Brand, tuple[tuple[str, str], ...]], ...] = (
    (
        HORIZON,
        (("pharmacy", "manager"), ("pharmacy", "staff"), ("optician", "professional"), ("nurse", "professional")),
    ),
    (
        LITTORAL,
        (("pharmacy", "manager"), ("dentist", "professional"), ("hearing", "professional"), ("hospital", "staff")),
    ),
)
"""Each operator of the demo, and the profession and role of its ready-made people."""
DESKS: tuple[tuple[str, str], ...] = (
    ("operator", "agent"), ("operator", "support"), ("insurer", "case-worker"), ("insurer", "insurer-manager"),
)  # fmt: skip
"""The people of desks that each portal of the demo has besides."""


def operator_of(site: Site) -> str:
    """Whose portal a site of the demo works at: every second pharmacy, and some professions whole, at the other's."""
    alone = site.profession in {"dentist", "hearing", "hospital"}  # one of each in a small country
    return LITTORAL.id if alone or (site.profession == "pharmacy" and site.index % 2) else HORIZON.id


def open_both(house: House, sites: Iterable[Site], insurer: str = "") -> tuple[Opened, ...]:
    """The demo's portals, each with ready-made people at its own sites, and at desks where an insurer is named."""
    opened, known = [], tuple(sites)
    for brand, people in OFFERED:
        first = {site.profession: site.number for site in reversed(known) if operator_of(site) == brand.id}
        first |= {"operator": brand.id, "insurer": insurer}
        named = (*people, *DESKS) if insurer else people
        ready = tuple(Ready(profession, first[profession], role) for profession, role in named)
        opened.append(Opened(brand.name, open_portal(house, brand, people=ready), ready))
    return tuple(opened)


def open_portal(house: House, brand: Brand, port: int = 0, people: Sequence[Ready] = ()) -> str:
    """Registers the operator's portal, starts it, and gives its address. `port` 0 takes a free one.

    The hub runs already. `people` may be chosen on the portal's first page, without any passkey of one's own.
    """
    port = port or free_ports(1)[0]
    host = HOST.format(brand.id)
    origin, folder = f"http://{host}:{port}", private_folder(house.folder / f"portal-{brand.id}")
    thumbprint = new_key(folder / "portal-key.json")
    with house.ring() as ring:
        keeper = ring.call("health", [Nothing()])[0].verifier_key
    with registrar(house.settings) as registering:
        refusal = inviting.add_portal(registering, inviting.Portal(brand.id, host, (origin,), (thumbprint,)))
    if refusal:
        raise RuntimeError(f"the portal was refused: {refusal}")
    lines: Mapping[str, object] = {
        "production": False, "unsafe_plain_http": True, "listen_port": port, "public_origin": origin,
        "hub": house.base, "keeper": keeper,
    }  # fmt: skip
    if (lists := house.settings.keeper.card_lists).is_dir():
        lines = {**lines, "card_lists": lists.absolute()}
    if people:
        key = load_key(folder / "portal-key.json")
        if isinstance(key, SecretRefused):
            raise RuntimeError(key.reason)
        guests: list[Guest] = []
        for each in people:
            guests.append(
                invite(house, brand.id, each.site, each.profession, role=each.role, answering=_answering(each, guests))
            )
        account = PortalAccount(house.base, brand.id, key, keeper=keeper)
        enrolled = asyncio.run(_enrolled(account, origin, guests))
        write_whole(folder / "demo-people.json", msgspec.json.encode(enrolled))
        lines = {**lines, "unsafe_demo_people": "demo-people.json"}
    shown = {"id": brand.id, "name": brand.name, "colour": brand.colour, "telephone": brand.telephone}
    text = _toml(lines) + "[operator]\n" + _toml(shown)
    config = folder / "portal.toml"
    config.write_text(text, "utf-8")
    name = f"portal-{brand.id}"
    house.portals[name] = (config, port)
    house.launch(name)
    return origin


def _answering(one: Ready, guests: Sequence[Guest]) -> str:
    """Who of those invited before answers for staff of a site; "" when nobody does."""
    of_site = (each.account for each in guests if each.site == one.site and each.role in ("professional", "manager"))
    return next(of_site, "")


def invite(
    house: House, operator: str, site: str, profession: str, *, role: str = "professional", answering: str = ""
) -> Guest:  # fmt: skip
    """Invites somebody to a site for a year from today. `answering`: for staff without a number of their own."""
    today = civil_date(now(), PARIS)
    answers = (answering or HAS_NUMBER) if role == "staff" else ""
    asked = inviting.Invitation(operator, site, role, today, today + YEAR, accountable=answers)
    with registrar(house.settings) as registering:
        found = inviting.invite(registering, asked, now())
    if isinstance(found, str):
        raise RuntimeError(f"the invitation was refused: {found}")
    sent = inviting.Sent(INVITATION, operator, site, now())
    inviting.divided(house.settings.paths.messages, found, sent)
    return Guest(profession, site, found.code, role, found.account)


async def _enrolled(account: PortalAccount, origin: str, guests: Sequence[Guest]) -> list[DemoPerson]:
    """A passkey for each, made through the hub as a browser would do it."""
    doors, made = Doors(account), []
    try:
        for guest in guests:
            asked, passkey = await doors.challenge("enrol"), DemoPasskey.new()
            if isinstance(asked, Problem):
                raise RuntimeError(f"the challenge was refused: {asked.code}")
            told = passkey.register(asked.challenge, asked.rp_id, origin)
            found = await doors.enrol(guest.code, guest.site, asked.challenge, told)
            if isinstance(found, Problem):
                raise RuntimeError(f"the passkey was refused: {found.code}")
            made.append(DemoPerson(guest.profession, guest.role, guest.site, passkey))
    finally:
        await doors.close()
    return made


def _toml(values: Mapping[str, object]) -> str:
    told = {True: "true", False: "false"}
    return "".join(
        f"{name} = {told[value] if isinstance(value, bool) else value if isinstance(value, int) else _quoted(value)}\n"
        for name, value in values.items()
    )


def _quoted(value: object) -> str:
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
