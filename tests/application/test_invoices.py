"""Invoices from received to decided, over simulated ports: door, accreditation, duplicates, what is kept."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from rempart.application.counting import Counted
from rempart.application.eligibility import Question, ask
from rempart.application.invoice_records import Decided, Submitted
from rempart.application.invoices import decide
from rempart.application.keeping_again import keep_again
from rempart.application.ports import Unavailable
from rempart.domain.invoice import Invoice, Line, Presented
from rempart.domain.rights import Period
from support.lane import (
    BIRTH,
    DAY,
    INSURER,
    NOW,
    OPERATOR,
    OTHER,
    SEAL,
    SITE,
    START,
    TODAY,
    Lane,
    caller,
    facts,
    rights,
)

MEMBER, SECOND = "INVENTED1", "INVENTED2"
CARE = date(2026, 11, 20)
_ids = itertools.count(1)


def medicine(**changes: Any) -> Line:
    """A medicine of 40 euros at 65 %: 26 of the compulsory scheme, 14 of the insurer."""
    return replace(Line(1, CARE, "PH7", "pharmacy", 4_000, 65, 2_600, 4_000, 1_400), **changes)


def nursing() -> Line:
    return Line(1, CARE, "AMI", "nursing", 1_000, 60, 600, 1_000, 400)


def sent(number: str = "000000001", member: str = MEMBER, **changes: Any) -> Submitted:
    """One invoice of a pharmacy about that member, but for what is said of it."""
    site, act = changes.pop("site", SITE), changes.pop("act", medicine())
    presented = replace(Presented(INSURER, member, None, BIRTH, "1"), **changes.pop("presented", {}))
    invoice = Invoice(
        site,
        number,
        TODAY,
        presented,
        (act,),
        act.spent,
        act.amo,
        act.amc,
        accreditation=changes.pop("accreditation", None),
    )
    identity = next(_ids).to_bytes(16, "big")
    submitted = Submitted(identity, 1, invoice, caller(site), facts(site), "api", NOW - 10)
    return submitted._replace(**changes)


def decided(lane: Lane, *batch: Submitted, instant: int = NOW) -> list[Decided]:
    """Decides the batch and writes it into the books."""
    found = asyncio.run(decide(lane.needs, batch, instant, TODAY))
    lane.books.write(found)
    return found


def states(lane: Lane, *batch: Submitted) -> list[tuple[str, str]]:
    return [(one.state, one.reason) for one in decided(lane, *batch)]


def accredited(lane: Lane, member: str = MEMBER, site: str = SITE, care: date = CARE) -> str:
    """The number that the counter of `site` got for that member."""
    question = Question(
        NOW, caller(site), OPERATOR, INSURER, member, None, BIRTH, "1", 1, care, ("PHAR",), "typed", "", 100, 100, 8
    )
    (answer,) = asyncio.run(ask(lane.ports, [question], hour_share=100))
    assert answer.accreditation
    return answer.accreditation


@pytest.fixture
def lane() -> Lane:
    made = Lane()
    made.insure(MEMBER, rights(Period("PHAR", START, TODAY, "100"), Period("AUXM", START, TODAY, "100")))
    made.insure(SECOND)
    return made


ACCEPTED = ("accepted", "")


# --- the ordinary way ---


def test_an_invoice_in_order_is_accepted_and_kept_sealed(lane: Lane) -> None:
    """The insurer pays what the table gives; three sealed copies, a tag of the disclosure, and no identity."""
    (one,) = decided(lane, sent())
    assert (one.state, one.reason, one.insurer, one.operator) == (*ACCEPTED, INSURER, OPERATOR)
    assert (one.decision.spent, one.decision.amo, one.decision.amc, one.decision.patient) == (4_000, 2_600, 1_400, 0)
    assert one.kept is not None
    assert all(copy.startswith(SEAL) for copy in one.kept)
    ((line, settled),) = lane.door.disclosures
    assert (line.purpose, line.template, line.outcome, settled.verdict) == (
        "invoice",
        "invoice-decided/1",
        "found",
        "ok",
    )
    assert (one.tag, one.meeting) == (line.tag, line.meeting)
    assert not any(text in repr(one) for text in (MEMBER, BIRTH))


def test_the_insurers_copy_holds_the_contract_however_often_it_is_sealed(lane: Lane) -> None:
    """Sealed when it was decided, and again when a counter had moved: product and level stand in it."""
    (one,) = decided(lane, sent())
    counted = Counted((), lambda _: one.decision, b"ticket", b"person", rights())
    (again,) = asyncio.run(keep_again(lane.needs, [one._replace(counted=counted)], TODAY))
    assert one.kept is not None
    assert again.kept is not None
    assert one.kept.settlement.endswith(b"accepted P/1")
    assert again.kept.settlement == SEAL + b"settlement person" + one.submitted.identity + b"accepted P/1"


def test_nobody_found_is_rejected_with_a_disclosure_and_nothing_kept(lane: Lane) -> None:
    """The answer of a miss is an answer: it is logged, meets nobody and leaves no copy."""
    (one,) = decided(lane, sent(member="NOBODY"))
    assert (one.state, one.reason) == ("rejected", "not-confirmed")
    assert (one.kept, one.meeting, one.content) == (None, None, None)
    assert one.tag is not None
    assert [line.outcome for line, _ in lane.door.disclosures] == ["not-confirmed"]


@pytest.mark.parametrize(
    ("presented", "reason"),
    [
        ({"amc_number": "0000999999"}, "unknown-insurer"),
        ({"amc_number": "many"}, "unknown-insurer"),
        ({"convention": "XX"}, "unknown-insurer"),
        ({"member": "wrong number!"}, "field-malformed"),
        ({"birth": "1 January"}, "field-malformed"),
        ({"nir": "1"}, "field-malformed"),
        ({"rank": "first"}, "field-malformed"),
    ],
)
def test_what_cannot_be_asked_is_rejected_without_a_question(
    lane: Lane, presented: dict[str, Any], reason: str
) -> None:
    """Keeper and door hear nothing of it; its neighbour is decided."""
    assert states(lane, sent(presented=presented), sent("000000002")) == [("rejected", reason), ACCEPTED]
    assert len(lane.door.disclosures) == 1


def test_an_empty_batch_is_nothing(lane: Lane) -> None:
    """Nobody is asked about."""
    assert decided(lane) == []


@pytest.mark.parametrize("down", ["derive", "records", "open", "fingerprints", "settle", "keep"])
def test_unavailable_decides_nothing(lane: Lane, down: str) -> None:
    """Whichever step is away, the batch has no outcome."""
    lane.keeper.down = down
    lane.records.down = down == "records"
    lane.door.down = down == "settle"
    with pytest.raises(Unavailable):
        decided(lane, sent())
    assert lane.books.written == []


# --- the door ---


def test_a_budget_makes_an_invoice_wait_and_never_refuses_it(lane: Lane) -> None:
    """Beyond the day's strangers it waits, with nothing kept; in the batch window it is decided whatever the budget."""
    lane.cap = 1
    batch = [sent(), sent("000000002", SECOND)]
    first, second = decided(lane, *batch)
    assert (first.state, second.state, second.reason) == ("accepted", "waiting", "budget-waiting")
    assert second.kept is None
    assert second.decision.amc == 0
    (again,) = decided(lane, batch[1]._replace(windowed=True))
    assert (again.state, again.reason) == ACCEPTED


def test_a_known_person_waits_for_no_budget(lane: Lane) -> None:
    """A site with an accreditation for the person invoices it on any later day, with a budget of nobody."""
    accredited(lane)
    lane.cap = 0
    ones = decided(lane, sent(), sent("000000002", SECOND), instant=NOW + DAY)
    assert [(one.state, one.reason) for one in ones] == [ACCEPTED, ("waiting", "budget-waiting")]


@pytest.mark.parametrize(
    ("refusal", "outcome"),
    [
        ("meter-site", ("waiting", "budget-waiting")),
        ("meter-total", ("waiting", "budget-waiting")),
        ("rate", ("waiting", "budget-waiting")),
        ("grant", ("rejected", "grant")),
    ],
)
def test_the_keepers_refusal_is_that_invoices_own(lane: Lane, refusal: str, outcome: tuple[str, str]) -> None:
    """Its meter is a budget and makes it wait; any other refusal rejects; neighbours are decided."""
    lane.keeper.refusing[MEMBER] = refusal
    assert states(lane, sent(), sent("000000002", SECOND)) == [outcome, ACCEPTED]
    assert len(lane.door.disclosures) == 1


@pytest.mark.parametrize(
    ("verdict", "outcome"),
    [
        ("refused:compartment", ("waiting", "compartment-closed")),
        ("refused:compartment-restricted", ("waiting", "compartment-closed")),
        ("refused:site-standing", ("rejected", "site-standing")),
        ("refused:client-standing", ("rejected", "client-standing")),
    ],
)
def test_what_the_door_refuses(lane: Lane, verdict: str, outcome: tuple[str, str]) -> None:
    """A closed compartment is no fault of the site: its invoice waits; who does not stand is rejected."""
    lane.door.verdict = verdict
    (one,) = decided(lane, sent())
    assert (one.state, one.reason) == outcome
    assert one.decision.amc == 0


# --- accreditations ---


def test_an_accreditation_is_honoured_after_the_rights_were_closed(lane: Lane) -> None:
    """Closed since in the insurer's files, and closed for those who hold no number."""
    number = accredited(lane)
    lane.insure(MEMBER, closed=CARE - timedelta(10))
    without, honoured = decided(lane, sent(), sent("000000002", accreditation=number, distinct=True))
    assert (without.state, without.decision.amc) == ("rejected", 0)
    assert (honoured.state, honoured.decision.amc) == ("accepted", 1_400)


def test_an_accreditation_does_not_reach_beyond_its_days_and_domains(lane: Lane) -> None:
    """Care after its last day, or of another domain, is judged by the rights alone."""
    number = accredited(lane, care=CARE - timedelta(30))
    lane.insure(MEMBER, closed=CARE - timedelta(40))
    late, other = sent(accreditation=number), sent("000000002", accreditation=number, act=nursing())
    assert {one.state for one in decided(lane, late, other)} == {"rejected"}


def test_an_accreditation_of_another_person_is_a_reason_of_its_own(lane: Lane) -> None:
    """Also where nobody was found for the keys presented."""
    number = accredited(lane, SECOND)
    batch = (
        sent(accreditation=number),
        sent("000000002", "NOBODY", accreditation=number),
        sent("000000003", SECOND, accreditation=number),
    )
    other = ("rejected", "accreditation-other-person")
    assert states(lane, *batch) == [other, other, ACCEPTED]


@pytest.mark.parametrize("number", ["A0000000000000000000", "no number", "P" + "0" * 19])
def test_an_accreditation_that_does_not_exist_is_unknown(lane: Lane, number: str) -> None:
    """Well-formed but never given, mistyped, or of another kind: the same reason, and nothing is kept."""
    (one,) = decided(lane, sent(accreditation=number))
    assert (one.state, one.reason, one.kept) == ("rejected", "accreditation-unknown", None)


def test_an_accreditation_of_another_site_is_unknown(lane: Lane) -> None:
    """A number is worth nothing in other hands, and it is not said that it exists."""
    number = accredited(lane, site=OTHER)
    assert states(lane, sent(accreditation=number)) == [("rejected", "accreditation-unknown")]
    assert states(lane, sent(accreditation=number, site=OTHER)) == [ACCEPTED]


# --- duplicates ---


def test_a_live_number_is_a_duplicate_and_a_rejected_one_is_corrected(lane: Lane) -> None:
    """Reject, correct, resend under the same number the same day: the correction is linked and paid."""
    first = sent(act=medicine(amo=2_500))
    ((state, reason),) = states(lane, first)
    assert (state, reason) == ("rejected", "amo-inconsistent")
    (second,) = decided(lane, sent())
    assert (second.state, second.corrects) == ("accepted", first.identity)
    assert states(lane, sent(), sent(member=SECOND)) == [("rejected", "duplicate")] * 2


def test_an_invoice_is_no_duplicate_of_itself(lane: Lane) -> None:
    """Decided again, it finds itself in the books under its number and content."""
    one = sent()
    assert states(lane, one) == states(lane, one) == [ACCEPTED]


def test_the_same_content_under_another_number_is_held(lane: Lane) -> None:
    """Until the site says that it is distinct, or ten working days passed; repeatable care never is."""
    decided(lane, sent(), sent("000000002", act=nursing()))
    suspected = sent("000000003")
    (held,) = decided(lane, suspected)
    assert (held.state, held.reason, held.kept, held.decision.amc) == ("held", "possible-duplicate", None, 0)
    assert states(lane, suspected._replace(waited=9)) == [("held", "possible-duplicate")]
    assert states(lane, suspected._replace(waited=10)) == [ACCEPTED]
    assert states(lane, sent("000000004", distinct=True)) == [ACCEPTED]
    assert states(lane, sent("000000005", act=nursing())) == [ACCEPTED]


@pytest.mark.parametrize(
    "other",
    [
        sent("000000002", SECOND),
        sent("000000002", site=OTHER),
        sent("000000002", act=medicine(care_date=CARE - timedelta(1))),
        sent("000000002", act=medicine(code="PH4")),
        sent("000000002", act=medicine(quantity=2)),
        sent("000000002", act=medicine(detail=(("CIP", "3400930000000", 1),))),
    ],
    ids=["person", "site", "day", "code", "quantity", "product"],
)
def test_another_content_is_no_suspicion(lane: Lane, other: Submitted) -> None:
    """Person, site, day, act, quantity and product make the content."""
    assert states(lane, sent(), other) == [ACCEPTED, ACCEPTED]


def test_twins_in_one_batch_are_suspected_as_if_one_had_come_before(lane: Lane) -> None:
    """The first is accepted, the others held; distinct or repeatable they pass; a rejected one is no suspicion."""
    held = ("held", "possible-duplicate")
    assert states(lane, sent(), sent("000000002"), sent("000000003")) == [ACCEPTED, held, held]
    seconds = [sent("000000004", SECOND), sent("000000005", SECOND, distinct=True)]
    assert states(lane, *seconds) == [ACCEPTED, ACCEPTED]
    care = [sent(f"00000001{n}", act=nursing()) for n in range(3)]
    assert states(lane, *care) == [ACCEPTED] * 3
    lane.insure("INVENTED3", closed=START)
    rejects = [sent(f"00000002{n}", "INVENTED3") for n in range(2)]
    assert {state for state, _ in states(lane, *rejects)} == {"rejected"}
