"""`rempart demo --sandbox`: a hub to write software against, with the fixed invented cards of `client.sandbox`.

Its keys are derived from a number that anyone knows: it is for invented people only, and listens on this machine only.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from rempart.bench import doors
from rempart.bench.doors import Guest
from rempart.bench.sandbox_cards import code_of, handle_of, write_lists
from rempart.bench.world import OPERATOR, World
from rempart.bootstrap.house import House, free_ports
from rempart.bootstrap.pay import NewAccount, NewPayee, payer, register_account, register_payees, terms
from rempart.client.sandbox import CARDS, PORT, Card
from rempart.domain.member import canonical_member
from rempart.domain.rights import Coverage, Key, Period, RightsLine
from rempart.formats.rights_file import Draft, format_line, write
from rempart.ground.files import private_folder, write_whole
from rempart.ground.instants import now
from rempart.sealing.client import KeeperSync
from rempart.sealing.loading import OPERATIONS
from rempart.sealing.ringing import Nothing
from rempart.simulation.clients import registration_of
from rempart.simulation.country import Country
from rempart.simulation.insurers import Insurer
from rempart.simulation.sites import Site, invented_iban
from rempart.worker.rights import Rules, Wish, load_path

PEOPLE, INSURERS, SEED = 20, 3, 1
PORTAL = PORT + 1
"""Where the portal answers, when nobody else does."""
SOFTWARE = ("pharmacy", "nurse", "doctor", "dentist", "optician", "hearing", "hospital")
"""Professions whose client key is handed out."""
PAY_SECONDS = 15.0
RELEASE_SECONDS = 5.0
"""Until the answers of a batch are released, at the earliest; twice as much at the latest."""


def options(port: int) -> Mapping[str, Mapping[str, Any]]:
    """Sections of the configuration. Bank files lie open to be looked at, as in the demo."""
    return {
        "hub": {"port": port, "audience": f"http://127.0.0.1:{port}"},
        "payment": {"unsafe_clear_files": True},
        "budgets": {"hour_fraction": 1.0},
        "log": {"fold_seconds": 1, "checkpoint_seconds": 1},
        "batches": {"demo_release_seconds": RELEASE_SECONDS},
    }


def port() -> int:
    """The same port each time, so that addresses may stand in a test's configuration; another when it is taken."""
    return _free(PORT)


def _free(wanted: int) -> int:
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", wanted))
        except OSError:
            return free_ports(1)[0]
    return wanted


@dataclass(frozen=True, slots=True)
class Start:
    """One client to begin with: the file of its private key, and of the environment that the guide's commands read."""

    profession: str
    client: str
    site: str
    key: Path
    environment: Path


@dataclass(frozen=True, slots=True)
class Sandbox:
    """`start` in a house that is up; it then serves until the house ends."""

    house: House
    day: date

    def start(self, folder: Path) -> tuple[Start, ...]:
        """Registers, loads, launches, and writes each client's key into `folder`."""
        country = Country(SEED, PEOPLE, day=self.day, insurers=INSURERS)
        World(self.house, country).register()
        self._payees(country)
        names = {insurer.number: insurer.name for insurer in country.insurers}
        write_lists(self.house.settings.keeper.card_lists, OPERATOR, names)
        self._load(country)
        for program in ("hub", "worker"):
            self.house.launch(program)
        sites = {site.profession: site for site in reversed(tuple(country.all_sites()))}
        write_whole(private_folder(folder) / "cards.json", msgspec.json.format(msgspec.json.encode(_told()), indent=1))
        write_whole(folder / "codes.json", msgspec.json.format(msgspec.json.encode(codes(country, self.day)), indent=1))
        return tuple(self._hand_out(country, sites[profession], folder) for profession in SOFTWARE)

    def open_portal(self, starts: tuple[Start, ...]) -> tuple[str, tuple[Guest, ...]]:
        """The operator's portal, and an invitation for each site whose software is handed out."""
        url = doors.open_portal(self.house, doors.Brand(OPERATOR, "Rempart, bac à sable", "#0b5c55"), _free(PORTAL))
        return url, tuple(doors.invite(self.house, OPERATOR, start.site, start.profession) for start in starts)

    def pay(self) -> int:
        """Pays what is due; how many bank files were written."""
        settings = self.house.settings
        with payer(settings) as pay:
            paid = pay.run(terms(settings, None, now()), now())
            for file in paid.written:
                pay.confirm(file.name, now())
        return len(paid.written)

    def _payees(self, country: Country) -> None:
        settings, instant, start = self.house.settings, now(), date(2020, 1, 1)
        payees = [
            NewPayee(site.number, OPERATOR, site.name, site.iban, start, "first-officer", "second-officer")
            for site in country.all_sites()
        ]
        account = NewAccount("main", OPERATOR, "Rempart sandbox", invented_iban(1_000_001))
        if register_payees(settings, payees, instant) or register_account(settings, account, instant):
            raise RuntimeError("a payee of the sandbox was refused")

    def _load(self, country: Country) -> None:
        settings = self.house.settings
        folder = private_folder(self.house.folder / "rights")
        socket_path = str(settings.paths.keeper_socket("load"))
        with (
            psycopg.connect(settings.database.worker_url, autocommit=True) as connection,
            KeeperSync(socket_path, OPERATIONS) as keeper,
        ):
            for insurer in country.insurers:
                held = lines(insurer, self.day)
                if not held:
                    continue
                path = folder / f"{insurer.number}.rights"
                draft = Draft(insurer.number, "full", 1, f"{self.day.isoformat()}T02:00:00Z")
                with path.open("wb") as out:
                    write(out, draft, held, insurer.signing_key)
                rules = Rules.of(settings.rights)
                outcome = load_path(connection, keeper, path, rules, instant=now(), wish=Wish(allow_clear=True))
                if outcome.state != "applied" or outcome.rejected:
                    raise RuntimeError(f"the sandbox's rights were not loaded: {outcome.state}")

    def _keeper_key(self) -> str:
        """What clients pin, to seal what a card says past the hub."""
        with self.house.ring() as ring:
            return str(ring.call("health", [Nothing()])[0].verifier_key)

    def _hand_out(self, country: Country, site: Site, folder: Path) -> Start:
        registered = registration_of(country, site.index)
        key, environment = folder / f"{site.profession}.json", folder / f"{site.profession}.env"
        write_whole(key, msgspec.json.encode(registered.private_jwk))
        told = {
            "REMPART_HUB": self.house.base, "REMPART_CLIENT": registered.client, "REMPART_SITE": site.number,
            "REMPART_KEY": str(key.resolve()), "REMPART_KEEPER_KEY": self._keeper_key(),
        }  # fmt: skip
        write_whole(environment, "".join(f"export {name}='{value}'\n" for name, value in told.items()).encode())
        return Start(site.profession, registered.client, site.number, key, environment)


def lines(insurer: Insurer, day: date) -> list[bytes]:
    """The insurer's rights file: each card of the table that somebody has, once."""
    return [format_line(_line(insurer, card, day)) for card in people_of(insurer)]


def people_of(insurer: Insurer) -> list[Card]:
    """The cards of the table that somebody has, the first of each person."""
    cards = [card for card in CARDS if card.amc_number == insurer.number and card.name != "nobody" and card.nir]
    return list({(card.member, card.nir, card.birth_date, card.rank): card for card in reversed(cards)}.values())


def codes(country: Country, day: date) -> dict[str, str]:
    """What a scanner reads of each person's signed card, by the card's name in the table."""
    return {
        card.name: code_of(card, insurer.number, day) for insurer in country.insurers for card in people_of(insurer)
    }


def _told() -> list[dict[str, Any]]:
    return [card._asdict() for card in CARDS]


def _line(insurer: Insurer, card: Card, day: date) -> RightsLine:
    member = canonical_member(card.member, insurer.rule)
    if not isinstance(member, str):
        raise TypeError(f"the card {card.name} is not one of its insurer's")
    birth = card.birth_date.replace("-", "")[2:]
    key = Key(member, card.nir, birth, card.rank, card=handle_of(card))
    return RightsLine(f"SANDBOX-{card.name}", (key,), _coverage(insurer, card, day))


def _coverage(insurer: Insurer, card: Card, day: date) -> Coverage:
    """The second level of the first product; the first for who has no optics."""
    product, level = insurer.products[0], 0 if card.name.startswith("no-optics") else 1
    ended = card.name.startswith("closed")
    first = date(day.year - 2, 1, 1)
    last = date(day.year - 1, 12, 31) if ended else date(day.year + 1, 12, 31)
    periods = tuple(Period(domain, first, last, formula) for domain, formula in product.formulas[level])
    return Coverage(1, product.code, product.levels[level], product.kind, periods)
