"""Rights closed in the past by a delta file: owed under the accreditation and kept, rejected without one."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from rempart.application.claw_backs import Claimed, ClawBacks
from rempart.cli.card import app
from rempart.domain.card import Card
from rempart.domain.rights import Key, RightsLine
from rempart.formats.card import PAPER, InsurerKey, sign_card, sign_keys, write_text
from rempart.formats.card import receipt as receipts
from rempart.formats.rights_file import Expected, format_closure, format_line
from rempart.ground.instants import MICROSECONDS
from rempart.simulation.authorizations import presented
from rempart.simulation.clients import registration_of
from rempart.simulation.people import Person
from rempart.simulation.rights import full_line
from rempart.storage.claw_backs import ClawBackBooks
from rempart.storage.insurer_tables import add_bindings
from rempart.wire.invoices import LineRequest
from support.houses import FIRST_DAY
from support.journey import Journey, act, journey_in

pytestmark = pytest.mark.postgres
CLOSED = FIRST_DAY - timedelta(days=40)


def box() -> LineRequest:
    return act("PH7", "pharmacy", 60_00, 65, 21_00)


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    with journey_in(tmp_path_factory.mktemp("late") / "h", 600) as made:
        yield made


def _close(journey: Journey, *people: Person) -> None:
    lines = [format_closure(person.reference, CLOSED) for person in people]
    outcome = journey.file(people[0].insurer, lines, expected=Expected(0, len(lines), 0))
    assert (outcome.state, outcome.code) == ("applied", ""), outcome


def _claimed(journey: Journey, invoice: str, reason: str) -> UUID | str:
    insurer = journey.town.one("select insurer from rempart.invoice where invoice = %s", invoice)
    claimed = Claimed(UUID(invoice), insurer, 21_00, reason, "insurer")
    with psycopg.connect(journey.town.house.settings.database.worker_url, autocommit=True) as connection:
        return ClawBacks(ClawBackBooks(connection)).propose(claimed, journey.today, journey.town.world.now())


def test_the_accreditation_is_owed_paid_and_never_taken_back(journey: Journey) -> None:
    """Two people of one insurer, both told `covered`, both closed: one invoice has the number, the other has not."""
    pharmacy = journey.site("pharmacy")
    first = next(journey.people("PHAR", "TM"))
    second = next(p for p in journey.people("PHAR", "TM", insurer=first.insurer) if p.family != first.family)
    number, other = (journey.ask(pharmacy, person, "PHAR") for person in (first, second))
    assert len(number) == len(other) == 20
    _close(journey, first, second)
    owed = journey.send(pharmacy, journey.invoice(first, (box(),), accreditation=number))
    assert (owed.state, owed.amc) == ("accepted", 21_00), owed
    assert owed.lines[0].rules[-1].rule == "guaranteed-after-closure"
    lost = journey.send(pharmacy, journey.invoice(second, (box(),)))
    assert (lost.state, lost.reason, lost.amc) == ("rejected", "rights-closed", 0), lost
    assert journey.ask(pharmacy, first, "PHAR") == "closed", "a site that knows the person is told so"
    assert journey.pay() == 21_00
    assert _claimed(journey, owed.invoice, "rights-closed") == "guarantee-stands"
    assert isinstance(_claimed(journey, owed.invoice, "not-delivered"), UUID), "other reasons stay open to the insurer"
    assert journey.pay() == 0
    journey.sound()


PRINTER = Ed25519PrivateKey.from_private_bytes(b"\x11" * 32)
PUBLISHER = Ed25519PrivateKey.from_private_bytes(b"\x12" * 32)
BINDS = """format = "rempart-bindings/1"
insurer = "{insurer}"
[[binds]]
kind = "accreditation"
from = 2020-01-01
[[binds]]
kind = "authorization"
from = 2020-01-01
[[binds]]
kind = "card"
from = 2020-01-01
most = 1000
days = 1
"""


def _checked(journey: Journey, site: int, card: str, folder: Path) -> str:
    """The receipt that the site's own program signs, by the operator's lists alone."""
    seconds = journey.town.world.now() // MICROSECONDS
    at = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    number = json.loads((folder / "insurer").read_text())
    entry = InsurerKey(number, "Mutuelle", (number,), PRINTER.public_key().public_bytes_raw())
    (folder / "keys.json").write_bytes(sign_keys("horizon", at, (entry,), PUBLISHER))
    owner = registration_of(journey.town.country, site)
    with os.fdopen(os.open(folder / owner.client, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(owner.private_jwk, file)
    operator = base64.b64encode(PUBLISHER.public_key().public_bytes_raw()).decode()
    words = ["verify", card, "--keys", folder / "keys.json", "--operator-key", operator, "--at", at, "--json"]
    words += ["--receipt", "--site", owner.sites[0], "--key", folder / owner.client]
    found = CliRunner().invoke(app, [str(word) for word in words])
    assert found.exit_code == 0, found.output
    return str(json.loads(found.stdout)["receipt"])


def _by_browser(journey: Journey, site: int, person: Person, program: str) -> list[str]:
    """The same receipt signed by a browser's key that was ended before, then by one that was not: the reasons."""
    said, number = receipts.claimed(program), registration_of(journey.town.country, site).sites[0]
    key = ec.derive_private_key(0x1234567, ec.SECP256R1())
    assert said is not None
    found = []
    for place, ended in enumerate((said.seconds * MICROSECONDS - 1, None)):
        point = receipts.public_of(key)
        journey.town.sql(
            "insert into rempart.receipt_key (site, key, point, account, made, ended) values (%s, %s, %s, %s, 1, %s) "
            "on conflict (site, key) do update set ended = excluded.ended returning 1",
            number, receipts.key_id(point), point, registration_of(journey.town.country, site).client, ended,
        )  # fmt: skip
        line = act("PH7", "pharmacy", 50_00 + place * 100, 65, 15_00, care=journey.today)
        state = journey.send(site, journey.invoice(person, (line,), receipt=receipts.sign(said, key)))
        found.append(state.reason)
    return found


def test_a_card_checked_while_the_hub_was_away_is_owed_by_its_receipt(journey: Journey, tmp_path: Path) -> None:
    """Hub down, card checked by the site's program, rights closed meanwhile: owed up to what the insurer's table says.

    Neither another site's receipt, nor this one for somebody else, is worth anything.
    """
    pharmacy, other = journey.site("pharmacy"), journey.site("pharmacy", 1)
    people = list(islice(journey.people("PHAR", "TM"), 5, 45))
    first = people[0]
    second = next(one for one in people[1:] if one.insurer == first.insurer and one.family != first.family)
    insurer, handle = journey.town.country.insurers[first.insurer], bytes(range(16))
    (tmp_path / "insurer").write_text(json.dumps(insurer.number))
    shown = presented(journey.town.country, first)
    keys = (_with_card(first, handle), *first.keys[1:])
    line = format_line(RightsLine(first.reference, keys, journey.town.country.coverage(first)), delta=True)
    assert journey.file(first.insurer, [line]).state == "applied"
    with psycopg.connect(journey.town.house.settings.database.worker_url, autocommit=True) as connection:
        assert add_bindings(connection, insurer.number, BINDS.format(insurer=insurer.number), "t", instant=1)
    card = Card(
        insurer.number, shown.convention, "", shown.member, FIRST_DAY - timedelta(days=90), FIRST_DAY.replace(day=28),
        "800101", "1", "P", ("PHAR",), 7, handle,
    )  # fmt: skip
    text = write_text(PAPER, sign_card(card, insurer.number, PRINTER))
    today = act("PH7", "pharmacy", 60_00, 65, 21_00, care=journey.today)
    journey.town.house.kill("hub")
    own, others = (_checked(journey, site, text, tmp_path) for site in (pharmacy, other))
    journey.town.house.launch("hub")
    _close(journey, first, second)
    refused = journey.send(pharmacy, journey.invoice(first, (today,), receipt=others))
    assert (refused.state, refused.reason, refused.amc) == ("rejected", "receipt-other-site", 0), refused
    swapped = journey.send(pharmacy, journey.invoice(second, (today,), receipt=own))
    assert (swapped.state, swapped.reason) == ("rejected", "receipt-other-person"), swapped
    owed = journey.send(pharmacy, journey.invoice(first, (today,), receipt=own))
    assert (owed.state, owed.amc) == ("accepted", 10_00), owed
    assert "guaranteed-after-closure" in {step.rule for step in owed.lines[0].rules}
    posted = "select bound, amount from rempart.guarantee_posting where invoice = %s"
    assert journey.town.sql(posted, UUID(owed.invoice)) == [("card", 10_00)]
    assert _by_browser(journey, pharmacy, first, own) == ["receipt-signature", ""]
    journey.later(1)  # a payee is paid once a day at most, and another test of this module may have had it paid
    assert journey.pay() == 20_00
    journey.sound()


def _with_card(person: Person, handle: bytes) -> Key:
    return person.keys[0]._replace(card=handle)


def test_rights_reopened_later_are_owed_again(journey: Journey) -> None:
    """A delta that puts the person's line again: the next invoice is accepted (the rejected one: test_rights_again)."""
    pharmacy = journey.site("pharmacy")
    person = list(journey.people("PHAR", "TM"))[-1]
    _close(journey, person)
    request = journey.invoice(person, (box(),))
    assert journey.send(pharmacy, request).reason == "rights-closed"
    outcome = journey.file(person.insurer, [full_line(journey.town.country, person, delta=True)])
    assert outcome.state == "applied", outcome
    again = journey.send(pharmacy, journey.invoice(person, (act("PH7", "pharmacy", 40_00, 65, 14_00),)))
    assert (again.state, again.amc) == ("accepted", 14_00), again
