"""A prise en charge changed, a stay by its group, documents under seal: what is asked, and what is never seen."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import rempart.portal
from rempart.client import agent
from rempart.client.identity import Sealer
from rempart.portal import papers, quote
from rempart.portal.quote_kinds import HOSPITAL
from rempart.sealing.attachments import bound_to, open_attachment, seal_attachment
from rempart.sealing.envelope import seal_for_insurer
from rempart.wire.authorizations import Attachment, AttachmentState, AuthorizationRequest
from rempart.wire.invoices import ParticularsRequest
from support.fake_doors import Person
from support.insurer_papers import INSURER, InsurerPapers
from support.node import node
from support.portals import CARD, NOON, ONE, SITE, Asker, Clock, doors, settings
from support.quote_desk import QuoteDesk, seated

HERE, NEW = "/prises-en-charge", "/prises-en-charge/nouvelle"
QUOTE = {
    **CARD, "cover": "general", "key": "k" * 24, "planned": "01/12/2026", "site_reference": "DEV-41",
    "item_1": "right", "sphere_1": "-2,25", "lens_1": "single", "basket_1": "B", "price_1": "120",
}  # fmt: skip
STAY = {
    **CARD, "cover": "general", "key": "s" * 24, "planned": "18/11/2026", "leaving": "21/11/2026",
    "item_1": "stay", "price_1": "1 800", "ghs_1": "417", "item_2": "fee", "price_2": "23",
    "item_3": "room", "price_3": "45",
}  # fmt: skip
PAPER = b"%PDF-1.4 an invented prescription"
FIELD = re.compile(r'<input[^>]*? name="([^"]+)"[^>]*? value="([^"]*)"')


@pytest.fixture
def desk() -> QuoteDesk:
    """What the hub answers about quotes."""
    return QuoteDesk()


@pytest.fixture(scope="module")
def insurer() -> InsurerPapers:
    """Who opens documents."""
    return InsurerPapers()


@pytest.fixture(scope="module")
def before_insurer(insurer: InsurerPapers) -> Asker:
    """A portal that pins the keeper who signs this insurer's key."""
    chosen = msgspec.structs.replace(settings(), keeper=insurer.pin)
    return Asker(doors(clock=Clock()), chosen)


@pytest.fixture
def asker(before_insurer: Asker, desk: QuoteDesk) -> Asker:
    """An optician who is signed in there."""
    before_insurer.doors.people[ONE] = Person(ONE, (SITE,), profession="optician")
    before_insurer.doors.desks[:] = [desk]
    before_insurer.signed_in()
    return before_insurer


# ---- changed --------------------------------------------------------------------------------------------------


def test_what_was_agreed_is_changed_from_its_own_lines_and_replaced_once_agreed(desk: QuoteDesk) -> None:
    """Just answered: the lines are there again, the card is not; the former ends, and the new one names it."""
    asker = seated(desk, "optician")
    agreed = asker.post(NEW, QUOTE).text
    (former,) = desk.quotes
    at = f"{HERE}/{former}/modifier"
    (prepare,) = re.findall(rf'<form[^>]*action="{at}">(.*?)</form>', agreed, re.DOTALL)
    page = asker.post(at, dict(FIELD.findall(prepare))).text
    begun = dict(FIELD.findall(page))
    assert (begun["sphere_1"], begun["price_1"], begun["site_reference"]) == ("-2,25", "120", "DEV-41")
    assert f'action="{at}"' in page
    assert CARD["member"] not in page
    answer = asker.post(at, {**QUOTE, "key": "m" * 24, "price_1": "150"})
    assert answer.status_code == 200
    assert desk.quotes[former].state == "modified"
    (new,) = (each for each in desk.quotes.values() if each.replaces == former)
    assert (new.state, new.spent) == ("agreed", 150_00)
    assert f'href="{HERE}/{former}"' in answer.text


def test_later_the_form_begins_with_what_the_hub_can_tell_and_says_so(desk: QuoteDesk) -> None:
    """Agreed: prices and dates. Waiting: dates and reference alone."""
    asker = seated(desk, "optician")
    agreed, waits = desk.put(site_reference="D-7"), desk.put(
        state="pending", lines=(), rest=(), site_reference="D-8", planned_date="2026-12-04"
    )  # fmt: skip
    page = asker.get(f"{HERE}/{agreed.authorization}/modifier").text
    begun = dict(FIELD.findall(page))
    assert (begun["price_1"], begun["site_reference"], begun["planned"]) == ("120,00", "D-7", "18/11/2026")
    assert "les prix accordés sont repris ici" in page
    page = asker.get(f"{HERE}/{waits.authorization}/modifier").text
    begun = dict(FIELD.findall(page))
    assert (begun.get("price_1", ""), begun["site_reference"], begun["planned"]) == ("", "D-8", "04/12/2026")
    assert "recopiez la carte et le devis corrigé" in page


def test_a_change_that_waits_leaves_the_former_and_one_at_fault_keeps_what_was_typed(desk: QuoteDesk) -> None:
    """Dear: the former stays agreed. Wrong: the same form again, at the same address."""
    asker = seated(desk, "optician")
    former = desk.put()
    at = f"{HERE}/{former.authorization}/modifier"
    wrong = asker.post(at, {**QUOTE, "price_1": "12O"})
    assert (wrong.status_code, f'action="{at}"' in wrong.text, desk.asked) == (422, True, [])
    assert "Un gestionnaire de l’assureur" in asker.post(at, {**QUOTE, "price_1": "1 500"}).text
    assert desk.quotes[former.authorization].state == "agreed"


@pytest.mark.parametrize("state", ["refused", "cancelled", "invoiced", "partly-invoiced", "modified", "expired"])
def test_what_has_ended_or_begun_to_be_invoiced_is_not_changed(desk: QuoteDesk, state: str) -> None:
    """No button leads there, and the address says so."""
    asker = seated(desk, "optician")
    found = desk.put(state=state)
    assert "/modifier" not in asker.get(f"{HERE}/{found.authorization}").text
    for answer in (asker.get(f"{HERE}/{found.authorization}/modifier"),
                   asker.post(f"{HERE}/{found.authorization}/modifier", QUOTE)):  # fmt: skip
        assert answer.status_code == 409
    assert not desk.asked


def test_a_refused_quote_is_corrected_without_typing_it_again(desk: QuoteDesk) -> None:
    """A refusal ends a request: what was typed begins a new one."""
    asker = seated(desk, "optician")
    desk.refuse = "price-over-limit"
    refused = asker.post(NEW, QUOTE).text
    (prepare,) = re.findall(
        r'<form class="again"[^>]*action="/prises-en-charge/nouvelle">(.*?)</form>', refused, re.DOTALL
    )
    page = asker.post(NEW, dict(FIELD.findall(prepare)))
    begun = dict(FIELD.findall(page.text))
    assert (page.status_code, begun["price_1"], begun["site_reference"]) == (200, "120", "DEV-41")
    assert len(desk.asked) == 1


# ---- a stay ---------------------------------------------------------------------------------------------------


def test_a_stay_is_asked_by_its_group_with_its_fees_by_day(desk: QuoteDesk) -> None:
    """The tariff is the base, 80 % of it compulsory; each day begun counts for the fee, the nights for the room."""
    asker = seated(desk, "hospital")
    answer = asker.post(NEW, STAY)
    assert answer.status_code == 200
    stay, fee, room = desk.asked[0].lines
    assert (stay.code, stay.family, stay.base, stay.rate, stay.spent, stay.quantity) == (
        "GHS", "hospital-stay", 1_800_00, 80, 1_800_00, 1,
    )  # fmt: skip
    assert (stay.detail, stay.particulars) == ((("GHS", "0417", 1),), ParticularsRequest("stay"))
    assert (fee.rate, fee.spent, fee.quantity, fee.particulars) == (
        0,
        92_00,
        4,
        ParticularsRequest("daily-fee", days=4),
    )
    assert (room.spent, room.quantity, room.particulars) == (135_00, 3, ParticularsRequest("private-room", days=3))


def test_a_heavy_act_is_paid_whole_but_for_its_flat_share() -> None:
    """100 % of the group, and the flat share beside it: no day counts."""
    typed = {"cover": "heavy", "item_1": "stay", "price_1": "1800", "days_1": "9", "item_2": "heavy", "price_2": "32"}
    stay, share = quote.read(typed, HOSPITAL).lines
    assert (stay.rate, stay.quantity, stay.detail) == (100, 1, ())
    assert (share.code, share.base, share.rate, share.spent) == ("PAS", 0, 0, 32_00)
    assert share.particulars == ParticularsRequest("heavy-act-fee")


def test_a_stay_is_prolonged_by_its_new_last_day(desk: QuoteDesk) -> None:
    """The same request with a later day of discharge; once part of it is invoiced, a new one is asked for."""
    asker = seated(desk, "hospital")
    asker.post(NEW, {**STAY, "price_1": "400"})
    (former,) = desk.quotes
    assert "Prolonger ou modifier le séjour" in asker.get(f"{HERE}/{former}").text
    asker.post(f"{HERE}/{former}/modifier", {**STAY, "key": "p" * 24, "leaving": "25/11/2026"})
    assert [line.quantity for line in desk.asked[1].lines] == [1, 8, 7]
    begun = desk.put(state="partly-invoiced")
    assert "commence le lendemain" in asker.get(f"{HERE}/{begun.authorization}").text


@pytest.mark.parametrize("leaving", ["17/11/2026", "31/02/2027", "bientôt", "25/12/2027"])
def test_a_day_of_discharge_that_cannot_be_is_told(desk: QuoteDesk, leaving: str) -> None:
    """Before admission, none of the calendar, beyond 400 days; left empty, the days are typed."""
    asker = seated(desk, "hospital")
    answer = asker.post(NEW, {**STAY, "days_2": "4", "days_3": "3", "leaving": leaving})
    assert (answer.status_code, 'href="#leaving"' in answer.text) == (422, True)
    assert quote.stay_of({"planned": "18/11/2026", "leaving": "18/11/2026"}) == quote.Stay(
        date(2026, 11, 18), date(2026, 11, 18)
    )
    assert not desk.asked


# ---- documents ------------------------------------------------------------------------------------------------


def sealed(insurer: InsurerPapers, content: bytes = PAPER, kind: str = "prescription") -> bytes:
    reader = insurer.key.public_key().public_bytes_raw()
    return seal_attachment(content, reader, bound_to(INSURER, SITE, "2026-12-01", kind))


def field_of(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def test_the_page_is_given_the_key_that_the_keeper_signed_and_no_other(
    asker: Asker, desk: QuoteDesk, insurer: InsurerPapers
) -> None:
    """A hub that hands on a key of its own is found out; labels and day are read as the form reads them."""
    about = {"amc_number": "0099000000", "convention": "SP", "csr": "", "planned": "01/12/2026"}
    desk.paper_keys = insurer.document(NOON)
    given = asker.post(HERE + "/cle", about)
    assert json.loads(given.text) == {"insurer": INSURER, "site": SITE, "planned": "2026-12-01", "key": insurer.x}
    for keys, status, said in (
        (insurer.document(NOON, Ed25519PrivateKey.generate()), 503, "n’a pas pu être vérifiée"),
        (insurer.document(NOON - 200_000), 503, "n’a pas pu être vérifiée"),
        (b"", 422, "ne reçoit pas de documents"),
    ):
        desk.paper_keys = keys
        answer = asker.post(HERE + "/cle", about)
        assert (answer.status_code, said in answer.text) == (status, True)
    wrong = asker.post(HERE + "/cle", {**about, "amc_number": "12", "planned": "hier"})
    assert (wrong.status_code, json.loads(wrong.text)) == (422, {"wrong": ["amc_number"]})


def test_a_document_goes_on_as_it_was_sealed_and_waits_under_its_kind_and_size(
    asker: Asker, desk: QuoteDesk, insurer: InsurerPapers
) -> None:
    """The client seals nothing twice; the page lists it and offers no way to read it."""
    content = sealed(insurer)
    joined = {"papers_due": "1", "paper_kind_1": "prescription", "paper_1": field_of(content)}
    page = asker.post(NEW, {**QUOTE, "price_1": "1 500", **joined})
    assert page.status_code == 200
    assert desk.asked[0].attachments == (Attachment("prescription", content),)
    assert insurer.opened(desk.asked[0].attachments[0], "2026-12-01") == PAPER
    for said in ("Ordonnance", "environ 3", "Sous scellé chez l’assureur"):
        assert said in page.text
    assert "Rien n’en est gardé" in asker.post(NEW, {**QUOTE, "key": "a" * 24, **joined}).text
    assert 'data-papers hidden data-key="/prises-en-charge/cle"' in asker.get(NEW).text


@pytest.mark.parametrize(
    "joined",
    [
        {"papers_due": "1", "paper_kind_1": "prescription", "paper_1": field_of(PAPER)},
        {"papers_due": "1", "paper_kind_1": "photo", "paper_1": field_of(b"rempart-attachment/1\n" + bytes(99))},
        {"papers_due": "2", "paper_kind_1": "quote", "paper_1": field_of(b"rempart-attachment/1\n" + bytes(99))},
        {"papers_due": "1", "paper_kind_1": "quote", "paper_1": "§"},
        {"papers_due": "1"},
        {"paper_kind_1": "quote", "paper_1": field_of(b"rempart-attachment/1\n" + bytes(papers.SEALED_MOST))},
    ],
    ids=["clear", "kind", "lost", "text", "none", "large"],
)
def test_a_document_in_clear_or_not_whole_stops_the_request(desk: QuoteDesk, joined: dict[str, str]) -> None:
    """Nothing is asked, and the documents are to be attached again."""
    asker = seated(desk, "optician")
    answer = asker.post(NEW, {**QUOTE, **joined})
    assert (answer.status_code, 'href="#papers"' in answer.text, desk.asked) == (422, True, [])


def test_the_client_leaves_alone_what_a_page_has_sealed(insurer: InsurerPapers) -> None:
    """Its own it seals as ever, beside it."""
    mine = Attachment("quote", PAPER)
    theirs = Attachment("prescription", sealed(insurer))
    asked = AuthorizationRequest(INSURER, "1", "1985-04-12", "typed", "2026-12-01", (), attachments=(theirs,))
    made = Sealer("client", SITE, {"d": "x"}, insurer.pin)
    assert made.missing(asked, int(NOON)) == ["/v1/keeper-keys"]
    both = msgspec.structs.replace(asked, attachments=(theirs, mine))
    (_, path) = made.missing(both, int(NOON))
    made.learn(path, insurer.document(NOON))
    first, second = made._attached(both).attachments
    assert first == theirs
    assert insurer.opened(second, "2026-12-01") == PAPER


SCRIPT = """
import { sealed, bytes, text, piece, named } from "%s";
const [reader, bound] = [new Uint8Array(Buffer.from(process.argv[1], "hex")), process.argv[2]];
const paper = text.encode("%%PDF-1.4 an invented prescription");
const contents = [new Uint8Array(0), paper, new Uint8Array(1023), new Uint8Array(5000)];
const made = [];
for (const one of contents) made.push(Buffer.from(bytes(text.encode("rempart-attachment/1\\n"),
  await sealed(one, reader, "attachment", text.encode(bound)))).toString("hex"));
console.log(JSON.stringify(made));
"""


@pytest.mark.node
def test_what_the_page_seals_opens_in_python_for_its_insurer_site_day_and_kind_alone(insurer: InsurerPapers) -> None:
    """The script of the page, run by node: every length; bound to another kind it does not open."""
    module = Path(rempart.portal.__file__).parent / "static" / "hpke.mjs"
    bound = bound_to(INSURER, SITE, "2026-12-01", "quote")
    reader = insurer.key.public_key().public_bytes_raw().hex()
    made = [bytes.fromhex(one) for one in _node(SCRIPT % module.as_uri(), reader, bound.decode())]
    assert [open_attachment(one, insurer.key, bound) for one in made] == [b"", PAPER, bytes(1023), bytes(5000)]
    assert len({len(one) for one in made[:2]}) == 1
    other = bound_to(INSURER, SITE, "2026-12-01", "letter")
    assert not isinstance(open_attachment(made[1], insurer.key, other), bytes)


OPENS = """
import { readFileSync } from "node:fs";
const { openCase, ownKey } = await import(process.argv[1]);
const told = JSON.parse(readFileSync(0, "utf-8"));
const { quote, attachments } = await openCase(told.case, await ownKey(told.pem));
const read = ({ kind, content }) => [kind, Buffer.from(content).toString("latin1")];
console.log(JSON.stringify([quote.planned, attachments.map(read)]));
"""


@pytest.mark.node
def test_what_one_page_sealed_the_insurers_page_opens(insurer: InsurerPapers) -> None:
    """Sealed again by the keeper on the way, as any part of a case; an unsealed one beside it opens too."""
    static = Path(rempart.portal.__file__).parent / "static"
    reader = insurer.key.public_key().public_bytes_raw()
    bound = bound_to(INSURER, SITE, "2026-12-01", "quote")
    made = _node(SCRIPT % (static / "hpke.mjs").as_uri(), reader.hex(), bound.decode())
    quoted = msgspec.json.encode(agent.Quote(1, INSURER, SITE, "2026-12-01", (), None))
    place = INSURER.encode() + UUID(int=7).bytes
    parts = seal_for_insurer(
        reader,
        agent.PURPOSE,
        [(quoted, place + b"\0"), (bytes.fromhex(made[1]), place + b"\1"), (PAPER, place + b"\2")],
    )
    kinds = ("request", "quote", "letter")
    told = {
        "insurer": INSURER, "authorization": str(UUID(int=7)), "site": SITE,
        "parts": [{"place": at, "kind": kind, "sealed": base64.b64encode(part).decode()}
                  for at, (kind, part) in enumerate(zip(kinds, parts, strict=True))],
    }  # fmt: skip
    pem = insurer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    opened = _node(OPENS, (static / "insurer_case.mjs").as_uri(), given=json.dumps({"case": told, "pem": pem}))
    assert opened == ["2026-12-01", [["quote", PAPER.decode()], ["letter", PAPER.decode()]]]


def _node(program: str, *arguments: str, given: str = "") -> Any:
    """What a program says, run by node."""
    command = [str(node()), "--input-type=module", "--no-warnings", "--eval", program, *arguments]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_listed_document_is_a_kind_and_a_size() -> None:
    """Nothing else of it is on the wire."""
    assert AttachmentState.__struct_fields__ == ("kind", "bytes")
