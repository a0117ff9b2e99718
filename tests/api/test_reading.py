"""Reading lines is disclosing: one row a person, a reader and a day, before anything leaves; states alone are free.

And the support desk beside it: what it looks up is recorded, what it shows of lines is disclosed like any reading.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest

from rempart.domain import accreditation, question
from rempart.wire.authorizations import AuthorizationList, AuthorizationState
from rempart.wire.invoices import InvoiceList, InvoiceState
from rempart.wire.own_site import QuestionCounts, QuestionList
from rempart.wire.payments import RemittanceList
from rempart.wire.support import SupportAuthorization, SupportInvoices, SupportQuestion
from support.money import FIRST, NOW, OPERATOR, SECOND, SITES, MoneyWorld
from support.readers import as_site, sign_in

if TYPE_CHECKING:
    from support.readers import Reader

pytestmark = pytest.mark.postgres
DAY = NOW // 86_400_000_000
TAG, OTHER = b"\x01" * 32, b"\x02" * 32
SUPPORT = {"kind": "account", "vendor": f"portal:{OPERATOR}", "role": "support"}
READINGS = (
    "select client, site, operator, insurer, outcome, tag from rempart.disclosure where purpose = 'reading' order by id"
)
LOOKS = "select account, operator, kind, wanted, site from rempart.support_reading order by reading"
NUMBER = accreditation.number(b"\x05" * 12, prefix="P")


@pytest.fixture
def site(money: MoneyWorld) -> MoneyWorld:
    sign_in(money)
    with money.sql() as connection:
        connection.execute("select rempart.ensure_month(%s)", (2026 * 12 + 10,))
    return money


def decided(money: MoneyWorld, tag: bytes | None = TAG, **others: Any) -> UUID:
    """A decided invoice about the person of that day tag."""
    invoice = money.decide(**others)
    with money.sql() as connection:
        connection.execute("alter table rempart.decision disable trigger append_only")
        connection.execute("update rempart.decision set tag = %s where invoice = %s", (tag, invoice))
        connection.execute("alter table rempart.decision enable trigger append_only")
    return invoice


def authorized(money: MoneyWorld, state: str = "agreed", number: str = NUMBER, tag: bytes = TAG) -> UUID:
    """An authorization of the first site."""
    request = uuid4()
    lines = msgspec.msgpack.encode([(b"m", 1, "OPTI", 100, 20, 50, 30, "", [("case-worker-decided", 50)], 1)])
    day = int(DAY)
    with money.sql() as connection:
        connection.execute(
            "insert into rempart.authorization_request (request, number, mac, site, client, operator, insurer, domain, "
            "site_reference, state, requested, planned_day, first_day, last_day, latest_day, cut, line_cents, "
            "total_cents, lines, spent, amo, amc, tag) values (%s, %s, %s, %s, 'till', %s, %s, 'OPTI', 'D-1', %s, %s, "
            "%s, %s, %s, %s, false, 0, 0, %s, 100, 20, 50, %s)",
            (
                request, number, b"m", SITES[0], OPERATOR, FIRST, state, NOW - 1, day, day, day + 30, day + 60, lines,
                tag,
            ),
        )  # fmt: skip
    return request


def rows(money: MoneyWorld, statement: str = READINGS) -> list[Any]:
    with money.sql() as connection:
        return connection.execute(statement).fetchall()


def read(money: MoneyWorld, *paths: str, place: str = SITES[0], **who: str) -> list[Any]:
    """What each path answers, one after the other, by one signed-in caller."""

    async def use(reader: Reader) -> list[Any]:
        return [await reader.get(path) for path in paths]

    return as_site(money, place, use, **who)  # type: ignore[no-any-return]  # what `use` gives


def test_opening_an_invoice_writes_one_disclosure_a_reader_and_day(site: MoneyWorld) -> None:
    """By JSON, by FHIR, again and again: one row, with the tag of the decision and no other."""
    invoice = decided(site)
    answers = read(site, f"/v1/invoices/{invoice}", f"/v1/invoices/{invoice}", f"/fhir/ClaimResponse/{invoice}")
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert msgspec.json.decode(answers[0].content, type=InvoiceState).lines
    assert rows(site) == [("till", SITES[0], OPERATOR, FIRST, "invoice", TAG)]


def test_two_invoices_of_one_person_and_day_are_one_disclosure(site: MoneyWorld) -> None:
    """One disclosure a person concerned; another person is another."""
    ids = [decided(site), decided(site), decided(site, OTHER, insurer=SECOND)]
    read(site, *(f"/v1/invoices/{invoice}" for invoice in ids))
    assert [(row[3], row[5]) for row in rows(site)] == [(FIRST, TAG), (SECOND, OTHER)]


def test_a_state_without_lines_is_free(site: MoneyWorld) -> None:
    """lines=false, lists, counts and what is absent or another site's: no row."""
    invoice, elsewhere, request = decided(site), decided(site, site=SITES[1]), authorized(site)
    answers = read(
        site, f"/v1/invoices/{invoice}?lines=false", "/v1/invoices/recent", "/v1/invoices?number=1", "/v1/remittances",
        f"/v1/invoices/{elsewhere}", f"/v1/invoices/{uuid4()}", f"/v1/authorizations/{request}?lines=false",
        "/v1/authorizations?recent=0", "/v1/authorizations?since=0",
    )  # fmt: skip
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 404, 404, 200, 200, 200]
    assert not msgspec.json.decode(answers[0].content, type=InvoiceState).lines
    assert msgspec.json.decode(answers[1].content, type=InvoiceList).invoices
    state = msgspec.json.decode(answers[6].content, type=AuthorizationState)
    assert (state.state, state.amc, state.lines) == ("agreed", 50, ())
    (listed,) = msgspec.json.decode(answers[7].content, type=AuthorizationList).authorizations
    assert listed.lines == ()
    assert rows(site) == []


def test_an_invoice_whose_record_is_known_no_more_is_logged_by_its_own_name(site: MoneyWorld) -> None:
    """No tag is left in the ledger: the row says who read which invoice, and can be about nobody else."""
    invoice = decided(site, None)
    read(site, f"/v1/invoices/{invoice}", f"/v1/invoices/{invoice}")
    assert [row[5] for row in rows(site)] == [hashlib.sha256(invoice.bytes).digest()]


def test_opening_an_authorization_is_disclosed_and_one_that_waits_tells_no_line(site: MoneyWorld) -> None:
    """By id, by FHIR, by either reference."""
    request = authorized(site)
    waiting = authorized(site, "pending", accreditation.number(b"\x06" * 12, prefix="P"), OTHER)
    read(
        site, f"/v1/authorizations/{request}", f"/fhir/ClaimResponse/{request}", f"/v1/authorizations/{waiting}",
        "/v1/authorizations?site_reference=D-1",
    )  # fmt: skip
    assert [row[3:] for row in rows(site)] == [(FIRST, "authorization", TAG)]


def test_a_case_worker_who_opens_a_request_is_disclosed_too(site: MoneyWorld) -> None:
    """Of the insurer whose member it is; the list of what waits is free, and another insurer's person finds nothing."""
    request = authorized(site, "pending")
    worker = {"kind": "account", "vendor": f"portal:{OPERATOR}", "role": "case-worker"}
    base = "/v1/desk/insurer/authorizations"
    (listed,) = read(site, base, place="", insurer=FIRST, **worker)
    (elsewhere,) = read(site, f"{base}/{request}", place="", insurer=SECOND, **worker)
    assert (listed.status_code, elsewhere.status_code, rows(site)) == (200, 404, [])
    (opened,) = read(site, f"{base}/{request}", place="", insurer=FIRST, **worker)
    assert opened.status_code == 200
    assert rows(site) == [("till", SITES[0], OPERATOR, FIRST, "authorization", TAG)]


def test_an_advice_discloses_the_invoices_whose_lines_it_tells(site: MoneyWorld) -> None:
    """As JSON, PDF and NOEMIE; an invoice that is a number and amounts is as in a list."""
    plain, noted = decided(site), decided(site, OTHER, amc=500)
    lines = [(1, "PHAR", 5_000, 2_000, 500, 2_500, "", [("rule", 500)], 0)]
    lines.append((2, "OPTI", 0, 0, 0, 0, "domain-not-covered", [], 0))
    with site.sql() as connection:
        connection.execute("alter table rempart.decision disable trigger append_only")
        connection.execute(
            "update rempart.decision set lines = %s where invoice = %s", (msgspec.msgpack.encode(lines), noted)
        )
    site.pay()
    (listed,) = read(site, "/v1/remittances")
    (one,) = msgspec.json.decode(listed.content, type=RemittanceList).remittances
    base = f"/v1/remittances/{one.remittance}"
    read(site, f"/fhir/PaymentNotice/{one.remittance}", f"/fhir/PaymentReconciliation/{one.remittance}")
    assert rows(site) == []
    answers = read(site, f"{base}/advice.noemie", base, f"{base}/advice.pdf")
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert [row[4:] for row in rows(site)] == [("remittance", OTHER)]
    assert plain in site.invoices


def test_a_reading_is_no_question_of_the_site(site: MoneyWorld) -> None:
    """It is in the log, and not among today's questions nor their counts."""
    read(site, f"/v1/invoices/{decided(site)}")
    asked, counts = read(site, "/v1/questions?day=2026-11-23", "/v1/questions/counts?day=2026-11-23", kind="site")
    assert len(rows(site)) == 1
    assert msgspec.json.decode(asked.content, type=QuestionList).questions == ()
    assert msgspec.json.decode(counts.content, type=QuestionCounts).counts == ()


def test_what_cannot_be_disclosed_is_not_told(site: MoneyWorld) -> None:
    """The log refuses the row: a fault, and no line leaves."""
    invoice = decided(site)
    with site.sql() as connection:
        connection.execute("revoke execute on function rempart.disclose_reading from rempart_hub")
    (answer,) = read(site, f"/v1/invoices/{invoice}")
    assert answer.status_code == 500
    assert b"PHAR" not in answer.content


def test_support_reads_an_invoice_by_site_and_number(site: MoneyWorld) -> None:
    """States, rules and reasons; recorded, and disclosed because it tells of lines. Not a cent is in it."""
    decided(site)
    (answer,) = read(site, f"/v1/desk/support/invoices?site={SITES[0]}&number=1", place="", **SUPPORT)
    (found,) = msgspec.json.decode(answer.content, type=SupportInvoices).invoices
    assert (found.state, found.site, found.insurer) == ("accepted", SITES[0], FIRST)
    assert [(line.domain, line.rules) for line in found.lines] == [("PHAR", ("rule",))]
    for secret in (b"amc", b"spent", b"bed 12", TAG.hex().encode(), b"1000"):
        assert secret not in answer.content
    assert rows(site, LOOKS) == [("till", OPERATOR, "invoice", "000000001", SITES[0])]
    assert [row[:2] + row[4:] for row in rows(site)] == [("till", SITES[0], "support", TAG)]


def test_support_is_told_why_the_payment_of_an_accepted_invoice_waits(site: MoneyWorld) -> None:
    """What this insurer owes this site at the operator's; another insurer's or operator's reason is not its own."""
    decided(site)
    waiting = ((OPERATOR, FIRST, "below-least"), (OPERATOR, SECOND, "no-payee"), ("azur", FIRST, "x"))
    for operator, insurer, reason in waiting:
        with site.sql() as connection:
            connection.execute(
                "insert into rempart.payment_waiting (site, operator, insurer, reason, amount, since) "
                "values (%s, %s, %s, %s, 314159, 1)", (SITES[0], operator, insurer, reason),
            )  # fmt: skip
    (answer,) = read(site, f"/v1/desk/support/invoices?site={SITES[0]}&number=1", place="", **SUPPORT)
    (found,) = msgspec.json.decode(answer.content, type=SupportInvoices).invoices
    assert (found.state, found.waiting) == ("accepted", "below-least")
    assert "minimum d'un virement" in found.waiting_sentence
    assert b"314159" not in answer.content


def test_support_reads_an_authorization_by_its_reference(site: MoneyWorld) -> None:
    """State, dates and rules; while it waits no line."""
    authorized(site)
    (answer,) = read(site, f"/v1/desk/support/authorizations?reference={NUMBER}", place="", **SUPPORT)
    found = msgspec.json.decode(answer.content, type=SupportAuthorization)
    assert (found.state, found.domain, found.lines[0].rules) == ("agreed", "OPTI", ("case-worker-decided",))
    assert rows(site, LOOKS) == [("till", OPERATOR, "authorization", NUMBER, "")]
    assert [row[4:] for row in rows(site)] == [("support", TAG)]


def test_support_reads_a_question_by_its_id(site: MoneyWorld) -> None:
    """When, by which channel, how the card was read and what was told; not about whom. Reading it asks nothing anew."""
    with site.sql() as connection:
        connection.execute(
            "insert into rempart.disclosure (instant, grant_id, account, client, site, operator, insurer, purpose, "
            "evidence, template, outcome, tag) values (%s, %s, '', 'till', %s, %s, %s, 'eligibility', 'typed', "
            "'eligibility-not-confirmed/1', 'not-confirmed', %s)",
            (NOW - 7, bytes(16), SITES[0], OPERATOR, FIRST, TAG),
        )
    asked = question.identifier(NOW - 7, 0)
    (answer,) = read(site, f"/v1/desk/support/questions?question={asked}", place="", **SUPPORT)
    found = msgspec.json.decode(answer.content, type=SupportQuestion)
    assert (found.outcome, found.evidence, found.channel, found.site) == ("not-confirmed", "typed", "api", SITES[0])
    assert TAG.hex().encode() not in answer.content
    assert rows(site, LOOKS) == [("till", OPERATOR, "question", asked, "")]
    assert rows(site, "select count(*) from rempart.disclosure") == [(1,)]


def test_another_operators_support_finds_nothing_and_is_recorded(site: MoneyWorld) -> None:
    """The same answer as for a number that nobody has; what can be no such number is not even recorded."""
    decided(site)
    authorized(site)
    paths = (
        f"/v1/desk/support/invoices?site={SITES[0]}&number=1", f"/v1/desk/support/authorizations?reference={NUMBER}",
        "/v1/desk/support/questions?question=2850475925123",
    )  # fmt: skip
    answers = read(site, *paths, place="", **(SUPPORT | {"vendor": "portal:azur"}))
    assert [answer.status_code for answer in answers] == [404, 404, 422]
    assert [row[1:3] for row in rows(site, LOOKS)] == [("azur", "invoice"), ("azur", "authorization")]
    assert rows(site) == []


def test_who_is_not_of_support_is_refused_and_nothing_is_recorded(site: MoneyWorld) -> None:
    """The desk is for support, agents and security."""
    decided(site)
    path = f"/v1/desk/support/invoices?site={SITES[0]}&number=1"
    for role in ("professional", "manager", "data-protection", "case-worker"):
        (answer,) = read(site, path, place="", **(SUPPORT | {"role": role}))
        assert answer.status_code == 403
    assert rows(site, LOOKS) == []


def test_the_record_of_support_is_the_auditors(site: MoneyWorld) -> None:
    """Written by the hub, read by the auditor, changed by nobody."""
    (answer,) = read(site, f"/v1/desk/support/invoices?site={SITES[0]}&number=9", place="", **SUPPORT)
    assert answer.status_code == 404
    with site.sql("auditor") as auditor:
        assert auditor.execute("select count(*) from rempart.support_reading").fetchone() == (1,)
    for role, statement in (
        ("hub", "select * from rempart.support_reading"), ("admin", "update rempart.support_reading set account = ''"),
        ("hub", "select tag from rempart.disclosure"), ("worker", "insert into rempart.support_reading default values"),
    ):  # fmt: skip
        with site.sql(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)
