"""`settle`, the door's last word, on a real PostgreSQL: what stands, caps in order of arrival, the facts it writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import errors

from rempart.application.guard import Caller, SiteFacts, Snapshot, Wish, compartment_open
from rempart.application.ports import Settle, Settled
from rempart.domain.compartments import Closure
from rempart.storage import door
from support.settle_ledger import DAY, HOUR, INSURER, NO_CAP, NOW, OTHER, SITE, TODAY, Ledger, line, people

if TYPE_CHECKING:
    from support.databases import Database

pytestmark = pytest.mark.postgres


@pytest.fixture
def ledger(postgres: Database) -> Ledger:
    made = Ledger(postgres)
    made.fill()
    return made


# --- what stands now ---


def test_an_answer_in_order_leaves_with_its_disclosure(ledger: Ledger) -> None:
    """The stranger's template and outcome are what is written, and the meeting is remembered by spans of days."""
    assert ledger.settle(line(1, known_until=TODAY + 60)) == [Settled("ok", known=False)]
    assert ledger.disclosed() == [("typed", "stranger/1", "not-confirmed", line(1).tag)]
    assert ledger.sql("select first_day, known_until from rempart.met") == [(TODAY // 32 * 32, TODAY + 60)]
    assert ledger.budget(f"site:{SITE}") == ledger.budget("client:client-1") == (1, 0, 0, 0)


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        ("update rempart.token set revoked = 1", "refused:token"),
        ("update rempart.token set expires = 1795420800000000", "refused:token"),
        ("delete from rempart.token", "refused:token"),
        ("update rempart.client set standing = 'suspended'", "refused:client-standing"),
        ("update rempart.client set standing = 'closed'", "refused:client-standing"),
        ("delete from rempart.client", "refused:client-standing"),
        ("update rempart.site set standing = 'suspended'", "refused:site-standing"),
        ("delete from rempart.site", "refused:site-standing"),
    ],
)
def test_what_no_longer_stands_refuses(ledger: Ledger, fault: str, verdict: str) -> None:
    """Whatever a hub's memory still believes, the last word reads token, standings and compartments again."""
    ledger.sql(fault)
    assert ledger.verdicts(line(1)) == [verdict]
    assert ledger.disclosed() == [("typed", "none", verdict, line(1).tag)]
    assert ledger.sql("select count(*) from rempart.met") == [(0,)]
    assert ledger.budget(f"site:{SITE}") == (0, 0, 0, 1)


@pytest.mark.parametrize(
    "name",
    ["hub", "channel:api", "operator:operator-1", "operator:op", f"insurer:{INSURER}", "profession:pharmacy"],
)
def test_a_closed_compartment_refuses(ledger: Ledger, name: str) -> None:
    """Hub, channel, the card's operator and the site's, insurer and profession: any of them."""
    ledger.sql("insert into rempart.compartment values (%s, 'closed')", name)
    assert ledger.verdicts(line(1)) == ["refused:compartment"]
    assert ledger.disclosed() == [("typed", "none", "refused:compartment", line(1).tag)]


@pytest.mark.parametrize(
    ("name", "state"),
    [("channel:files", "closed"), ("channel:portal", "closed"), ("portal:op", "closed"), ("operator:other", "closed"),
     ("insurer:0000775001", "closed"), ("profession:nurse", "closed"), ("region:971", "closed"),
     ("function:authorizations", "closed"), ("function:bank-details", "closed"), ("hub", "open")],
)  # fmt: skip
def test_what_is_closed_elsewhere_refuses_nobody_here(ledger: Ledger, name: str, state: str) -> None:
    """Another channel, operator, insurer or profession, and a compartment that is not closed, let pass."""
    ledger.sql("insert into rempart.compartment values (%s, %s)", name, state)
    assert ledger.verdicts(line(1)) == ["ok"]


CALLS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("till", {}),
    ("overseas", {"site": OTHER}),
    ("vendor", {"client": "client-2", "token": None}),
    ("person", {"client": "person", "token": None}),
    ("guest", {"client": "guest", "token": None}),
    ("file", {"channel": "file", "purpose": "invoice", "evidence": "machine", "token": None}),
    ("quote", {"purpose": "authorization"}),
    ("other card", {"insurer": "0000775001", "operator": "operator-2"}),
)
KINDS = {"person": ("account", "portal:op"), "guest": ("account", "portal:other"), "vendor": ("vendor", "portal:op")}
ASKED = {
    "hub": set(dict(CALLS)), "channel:api": {"till", "overseas", "vendor", "quote", "other card"},
    "channel:files": {"file"}, "channel:portal": {"person", "guest"}, "portal:op": {"person"},
    "operator:op": set(dict(CALLS)), "operator:operator-2": {"other card"}, "insurer:0000775001": {"other card"},
    "profession:nurse": {"overseas"}, "region:971": {"overseas"}, "region:75": set(dict(CALLS)) - {"overseas"},
    "function:authorizations": {"quote"}, "function:bank-details": set(),
}  # fmt: skip
"""Who is refused while this one is closed. The site of all is a pharmacy in Paris but one, a nurse in Guadeloupe."""


def test_a_compartment_closes_exactly_what_is_in_it(ledger: Ledger) -> None:
    """All ask in one batch: those inside are refused, the others answered; the hub's memory says the same of each."""
    ledger.sql("update rempart.site set region = '75' where site = %s", SITE)
    ledger.sql("update rempart.site set region = '971', profession = 'nurse' where site = %s", OTHER)
    ledger.sql("update rempart.client set vendor = 'portal:op' where client = 'client-2'")
    for person, vendor in (("person", "portal:op"), ("guest", "portal:other")):
        ledger.sql(
            "insert into rempart.client (client, kind, vendor, registered) values (%s, 'account', %s, 0)",
            person, vendor,
        )  # fmt: skip
    lines = [line(number, **changes) for number, (_, changes) in enumerate(CALLS)]
    for name, inside in ASKED.items():
        ledger.sql("truncate rempart.compartment cascade")  # as nobody could in service
        ledger.sql("insert into rempart.compartment (compartment, state) values (%s, 'closed')", name)
        verdicts = dict(zip(dict(CALLS), ledger.verdicts(*lines), strict=True))
        assert verdicts == {who: "refused:compartment" if who in inside else "ok" for who in verdicts}, name
        assert {who for who, asked in zip(dict(CALLS), lines, strict=True) if _early(asked, who, name)} == inside, name


def _early(asked: Settle, who: str, closed: str) -> bool:
    """What `admit` says of the same."""
    region, profession = ("971", "nurse") if asked.site == OTHER else ("75", "pharmacy")
    site = SiteFacts(asked.site, profession, "op", "Europe/Paris", "good", region)
    kind, vendor = KINDS.get(who, ("site", ""))
    caller = Caller(None, asked.client, kind, asked.site, vendor, b"", b"", NOW + 1)
    snapshot = Snapshot({site.site: site}, {}, {closed: Closure(closed, "closed", "drill", 1)})
    channel = "files" if asked.channel == "file" else asked.channel
    wish = Wish(channel, asked.purpose, asked.insurer, asked.evidence, NOW, asked.operator)
    return compartment_open(snapshot, caller, wish) == "compartment"


def test_restricted_lets_only_a_signed_card_pass(ledger: Ledger) -> None:
    """Typed, read by machine, known: none is told anything; an insurer's check of its own record goes on."""
    ledger.sql("insert into rempart.compartment (compartment, state) values ('profession:pharmacy', 'restricted')")
    batch = [line(number, evidence=evidence) for number, evidence in enumerate(("typed", "machine", "known", "card"))]
    refused = "refused:compartment-restricted"
    assert ledger.verdicts(*batch, line(9, purpose="record-check")) == [refused, refused, refused, "ok", "ok"]
    assert ledger.disclosed()[0] == ("typed", "none", refused, line(0).tag)
    ledger.sql("insert into rempart.compartment (compartment, state) values ('hub', 'closed')")
    assert ledger.verdicts(*batch) == ["refused:compartment"] * 4


def test_the_worker_settles_without_a_token(ledger: Ledger) -> None:
    """A file's invoices come without any token; no token is not a wrong one."""
    ledger.sql("delete from rempart.token")
    assert ledger.verdicts(line(1, token=None)) == ["ok"]


def test_one_refused_item_changes_nothing_for_its_batch(ledger: Ledger) -> None:
    """A suspended client between two good ones is refused alone."""
    ledger.sql("update rempart.client set standing = 'suspended' where client = 'client-2'")
    batch = (line(1), line(2, client="client-2"), line(3))
    assert ledger.verdicts(*batch) == ["ok", "refused:client-standing", "ok"]


def test_nothing_asked_is_nothing_done(ledger: Ledger) -> None:
    """The function answers an empty batch with nothing and writes nothing."""
    empty = door.SETTLE.replace("$20::int,", "100,").replace("$28::int", "6")
    empty = empty.replace("$29::", "null::").replace("$30::", "null::")
    for place in range(27, 0, -1):
        empty = empty.replace(f"${place}::", "'{}'::")
    assert ledger.sql(empty, role="hub") == [(None, None)]
    assert ledger.disclosed() == []


# --- caps ---


@pytest.mark.parametrize(
    ("changes", "hour_share", "refusal"),
    [
        ({"site_cap": 5}, 100, "refused:site-budget"),
        ({"client_cap": 5}, 100, "refused:client-budget"),
        ({"site_cap": 20, "client_cap": 20}, 25, "refused:hour-budget"),
        ({"site_cap": 5, "evidence": "machine"}, 100, "refused:site-budget"),
        ({"site_cap": 5, "purpose": "invoice"}, 100, "waiting:site-budget"),
    ],
)
def test_a_cap_is_exact_in_the_order_of_arrival(
    ledger: Ledger, changes: dict[str, Any], hour_share: int, refusal: str
) -> None:
    """A cap of five lets the first five pass, over two batches, and not one more."""
    first = ledger.verdicts(*people(3, **changes), hour_share=hour_share)
    second = ledger.verdicts(*people(4, first=4, **changes), hour_share=hour_share)
    assert first + second == ["ok"] * 5 + [refusal] * 2
    assert ledger.budget(f"site:{SITE}")[3] == 2


def test_a_new_hour_and_a_new_day_have_budgets_of_their_own(ledger: Ledger) -> None:
    """The hour's count starts again with the hour, the day's with the day."""
    spent = people(3, site_cap=4)
    assert ledger.verdicts(*spent, hour_share=50) == ["ok", "ok", "refused:hour-budget"]
    later = people(3, first=10, site_cap=4, instant=NOW + HOUR)
    assert ledger.verdicts(*later, hour_share=50) == ["ok", "ok", "refused:site-budget"]
    tomorrow = people(3, first=20, site_cap=4, instant=NOW + DAY, token=None)
    assert ledger.verdicts(*tomorrow, hour_share=50) == ["ok", "ok", "refused:hour-budget"]


def test_typed_machine_and_invoices_are_counted_apart(ledger: Ledger) -> None:
    """What one kind has used of its day takes nothing from the others."""
    for first, changes in ((1, {}), (10, {"evidence": "machine"}), (20, {"purpose": "invoice"})):
        assert ledger.verdicts(*people(2, first=first, site_cap=2, **changes), hour_share=200) == ["ok", "ok"]
    assert ledger.budget(f"site:{SITE}") == (2, 2, 2, 0)


def test_what_costs_two_takes_two(ledger: Ledger) -> None:
    """A question without NIR or rank costs more; where two do not fit, one still may."""
    asked = (line(1, cost=2, site_cap=3), line(2, cost=2, site_cap=3), line(3, site_cap=3), line(4, site_cap=3))
    assert ledger.verdicts(*asked) == ["ok", "refused:site-budget", "ok", "refused:site-budget"]


def test_sites_have_budgets_of_their_own_and_share_their_clients(ledger: Ledger) -> None:
    """One vendor's cap holds over its sites together, a site's over its clients together."""
    vendor = [line(n, site=(SITE, OTHER)[n % 2], client_cap=3) for n in range(1, 6)]
    assert ledger.verdicts(*vendor) == ["ok"] * 3 + ["refused:client-budget"] * 2
    site = [line(n, client="client-2", site_cap=3) for n in range(10, 13)]
    assert ledger.verdicts(*site) == ["ok", "ok", "refused:site-budget"]


@pytest.mark.parametrize("cap", [NO_CAP - 1, NO_CAP])
def test_a_cap_without_end_does_not_overflow(ledger: Ledger, cap: int) -> None:
    """The hour's share of the largest cap is reckoned in wide integers."""
    assert ledger.verdicts(line(1, site_cap=cap, client_cap=cap), hour_share=100) == ["ok"]
    assert ledger.verdicts(line(2, site_cap=cap, client_cap=cap, purpose="invoice"), hour_share=100) == ["ok"]


# --- who counts ---


def test_a_repeat_in_the_batch_follows_its_first(ledger: Ledger) -> None:
    """The same person twice at one site is one: both pass, or neither."""
    asked = (line(1, site_cap=1), line(1, site_cap=1), line(2, site_cap=1), line(2, site_cap=1))
    assert ledger.verdicts(*asked) == ["ok", "ok", "refused:site-budget", "refused:site-budget"]
    assert ledger.budget(f"site:{SITE}") == (1, 0, 0, 2)
    assert len(ledger.disclosed()) == 4


def test_a_person_seen_today_counts_once(ledger: Ledger) -> None:
    """Asked again the same day, in a batch of its own, a person takes nothing more; the next day is another."""
    assert ledger.verdicts(line(1, site_cap=1)) == ["ok"]
    assert ledger.verdicts(line(1, site_cap=1), line(2, site_cap=1)) == ["ok", "refused:site-budget"]
    assert ledger.verdicts(line(1, site_cap=0, instant=NOW + DAY, token=None)) == ["refused:site-budget"]


def test_who_was_refused_was_not_seen(ledger: Ledger) -> None:
    """A refused question shows nothing: it does not make the same person free later that day."""
    assert ledger.verdicts(line(1, site_cap=0)) == ["refused:site-budget"]
    assert ledger.verdicts(line(1, site_cap=0)) == ["refused:site-budget"]


def test_a_person_seen_by_another_site_counts_here(ledger: Ledger) -> None:
    """What one site saw today makes nobody free at the next."""
    assert ledger.verdicts(line(1, site=OTHER)) == ["ok"]
    assert ledger.verdicts(line(1, site_cap=0)) == ["refused:site-budget"]


def test_known_people_never_count_and_hear_the_known_answer(ledger: Ledger) -> None:
    """Until the last day of the meeting, whatever the cap; the day after, the same person is a stranger."""
    ledger.settle(line(1, known_until=TODAY + 1), line(2))
    known = line(1, instant=NOW + DAY, token=None, site_cap=0)
    assert ledger.settle(known) == [Settled("ok", known=True)]
    assert ledger.disclosed()[-1] == ("known", "known/1", "closed", line(1).tag)
    late = line(1, instant=NOW + 2 * DAY, token=None, site_cap=0)
    met_only = line(2, instant=NOW + DAY, token=None, site_cap=0)
    assert ledger.verdicts(late) == ledger.verdicts(met_only) == ["refused:site-budget"]


def test_a_meeting_is_extended_and_never_shortened(ledger: Ledger) -> None:
    """The furthest day stands; a refused question moves nothing, a miss meets nobody."""
    ledger.settle(line(1, known_until=TODAY + 32), line(1, known_until=TODAY + 64), line(2, meeting=None))
    ledger.settle(line(1, known_until=TODAY + 32))
    assert ledger.sql("select known_until from rempart.met") == [(TODAY + 64,)]
    ledger.sql("update rempart.client set standing = 'closed'")
    ledger.settle(line(1, known_until=TODAY + 96))
    assert ledger.sql("select known_until from rempart.met") == [(TODAY + 64,)]


# --- the facts ---


def test_an_accreditation_is_written_only_when_its_answer_leaves(ledger: Ledger) -> None:
    """The refused one's number exists nowhere."""
    numbers = [
        line(n, site_cap=1, accreditation=bytes([n]) * 16, accreditation_mac=b"m" * 16, domains=3, first_day=TODAY,
             last_day=TODAY + 7)
        for n in (1, 2)
    ]  # fmt: skip
    assert ledger.verdicts(*numbers, line(3, site=OTHER)) == ["ok", "refused:site-budget", "ok"]
    found = ledger.sql("select hash, mac, site, domains, first_day, last_day, instant from rempart.accreditation")
    assert found == [(b"\x01" * 16, b"m" * 16, SITE, 3, TODAY, TODAY + 7, NOW)]


def test_a_sites_reference_is_kept_for_that_site(ledger: Ledger) -> None:
    """One row for each question that had one, at its instant."""
    ledger.settle(line(1, reference="bed 12"), line(2), line(3, site=OTHER, reference="bed 12"))
    found = ledger.sql("select site, reference, instant from rempart.site_reference order by site")
    assert found == [(SITE, "bed 12", NOW), (OTHER, "bed 12", NOW)]


@pytest.mark.parametrize(
    "statement",
    [
        "insert into rempart.disclosure (tag) values ('x')",
        "update rempart.disclosure set outcome = 'covered'",
        "delete from rempart.disclosure",
        "select tag from rempart.disclosure",
        "update rempart.budget set typed = 0",
        "insert into rempart.met values ('x', 0, 100000)",
        "insert into rempart.accreditation values ('x', 'x', 'x', 1, 1, 1, 1)",
        "update rempart.compartment set state = 'open'",
    ],
)
def test_the_hub_writes_none_of_it_itself(ledger: Ledger, statement: str) -> None:
    """Only through `settle`: not a disclosure, a budget, a meeting, an accreditation or a compartment."""
    ledger.settle(line(1))
    with pytest.raises(errors.InsufficientPrivilege):
        ledger.sql(statement, role="hub")


@pytest.mark.parametrize("role", ["hub", "worker", "auditor", "admin"])
def test_nobody_edits_a_disclosure(ledger: Ledger, role: str) -> None:
    """Neither the programs nor a superuser without first removing the guard."""
    ledger.settle(line(1))
    with pytest.raises(errors.InsufficientPrivilege):
        ledger.sql("update rempart.disclosure set outcome = 'covered'", role=role)


def test_a_repeat_is_known_by_its_site_too(ledger: Ledger) -> None:
    """The same day tag at two sites of one batch is two strangers, and each counts where it was shown."""
    asked = (line(1), line(1, site=OTHER, meeting=None), line(1), line(2))
    assert ledger.verdicts(*asked) == ["ok"] * 4
    assert (ledger.budget(f"site:{SITE}")[0], ledger.budget(f"site:{OTHER}")[0]) == (2, 1)
    assert ledger.budget("client:client-1")[0] == 3


def test_capped_and_uncapped_clients_share_a_batch(ledger: Ledger) -> None:
    """A vendor's items count for its own row, a site's own client has none; their sites count apart."""
    own = {"client": "client-2", "client_cap": NO_CAP, "token": None}
    asked = (line(1, client_cap=1), line(2, site=OTHER, **own), line(3, client_cap=1), line(4, **own))
    assert ledger.verdicts(*asked) == ["ok", "ok", "refused:client-budget", "ok"]
    assert ledger.sql("select scope, typed, refused from rempart.budget order by scope") == [
        ("client:client-1", 1, 0), (f"site:{SITE}", 2, 1), (f"site:{OTHER}", 1, 0),
    ]  # fmt: skip


def test_todays_refusals_and_yesterdays_answers_make_nobody_seen(ledger: Ledger) -> None:
    """Only what was shown to this site since midnight, UTC, is free: a second before is another day."""
    midnight = (TODAY + 1) * DAY
    assert ledger.verdicts(line(1, instant=midnight - 1, token=None)) == ["ok"]
    assert ledger.verdicts(line(1, instant=midnight, token=None, site_cap=0)) == ["refused:site-budget"]
    assert ledger.verdicts(line(1, instant=midnight, token=None)) == ["ok"]
    assert ledger.verdicts(line(1, instant=midnight + DAY - 1, token=None, site_cap=0)) == ["ok"]


def test_who_sits_at_a_program_is_logged_and_has_a_cap_of_its_own(ledger: Ledger) -> None:
    """Beside the program's and the site's; a colleague at the same program goes on, and so does who says nobody."""
    ann = {"account": "agent-aaaaaaaaaaaaaaaa", "account_cap": 2}
    batch = [line(number, **ann) for number in range(3)]
    batch += [line(3, account="agent-bbbbbbbbbbbbbbbb", account_cap=2), line(4)]
    assert ledger.verdicts(*batch) == ["ok", "ok", "refused:client-budget", "ok", "ok"]
    assert ledger.verdicts(line(5, **ann), line(1, **ann)) == ["refused:client-budget", "ok"]  # seen today: free
    logged = ledger.sql("select account, count(*) from rempart.disclosure group by 1 order by 1")
    assert logged == [("", 1), (ann["account"], 5), ("agent-bbbbbbbbbbbbbbbb", 1)]
    assert ledger.budget(f"agent:{ann['account']}")[0] == 2
    assert ledger.budget(f"site:{SITE}")[0] == ledger.budget("client:client-1")[0] == 4


def test_a_word_has_one_name_and_a_program_a_bounded_number(ledger: Ledger) -> None:
    """The same word keeps the name that it got first; another site's same word has another; beyond the bound none."""
    name = "select rempart.name_agent(%s, %s, %s, %s, 1, 2)"

    def named(site: str, word: str, letter: str) -> str:
        return str(ledger.sql(name, "client-1", site, word, "agent-" + letter * 16, role="hub")[0][0])

    names = [named(SITE, "u1", "a"), named(SITE, "u1", "b"), named(OTHER, "u1", "c"), named(SITE, "u2", "d")]
    assert names == ["agent-" + letter * 16 for letter in "aacd"]
    assert [named(SITE, "u3", "e"), named(SITE, "u2", "f")] == ["", "agent-" + "d" * 16]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ledger.sql("select agent from rempart.agent_name", role="hub")


def test_on_probation_typed_and_machine_are_one_count(ledger: Ledger) -> None:
    """Four typed strangers leave six of ten to the machine, over two batches; a colleague beside is not held back."""
    mine = {"client_cap": 5, "account_cap": 10}
    assert ledger.verdicts(*people(4, **mine)) == ["ok"] * 4
    machine = mine | {"client_cap": 25, "evidence": "machine"}
    asked = [*people(8, first=10, **machine), line(30, client="client-2", client_cap=25, evidence="machine")]
    assert ledger.verdicts(*asked) == ["ok"] * 6 + ["refused:client-budget"] * 2 + ["ok"]
    assert ledger.verdicts(line(40, **mine)) == ["refused:client-budget"]
    assert ledger.budget("client:client-1")[:2] == (4, 6)
    assert {row[0] for row in ledger.sql("select account from rempart.disclosure")} == {""}
