"""Taking money back: told 15 days before, disputed, deducted from the same insurer's money, never below a transfer."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import psycopg
import pytest

from rempart.application.claw_backs import Claimed, ClawBacks
from rempart.domain import claw_back as rules
from rempart.storage.claw_backs import ClawBackBooks
from support.money import DAY, FIRST, NOW, SECOND, SITES, MoneyWorld

pytestmark = pytest.mark.postgres
DAYS = 86_400_000_000
RIPE = DAY + timedelta(days=15)


def file(day: date = DAY) -> str:
    return f"main-{day:%Y%m%d}-01.xml"


@pytest.fixture
def paid(money: MoneyWorld) -> MoneyWorld:
    """One invoice of 1,000 cents of the first insurer, paid."""
    money.decide()
    money.pay()
    money.confirm(file())
    return money


def propose(money: MoneyWorld, amount: int = 600, reason: str = "over-billing", **changed: object) -> UUID | str:
    fields: dict[str, object] = {
        "invoice": money.invoices[0], "insurer": FIRST, "amount": amount, "reason": reason, "said_by": "agent-7",
    } | changed  # fmt: skip
    with money.sql("worker") as connection:
        claimed = Claimed(**fields)  # type: ignore[arg-type]  # fields by name
        return ClawBacks(ClawBackBooks(connection)).propose(claimed, DAY, NOW)


def step(money: MoneyWorld, claim: UUID | str, state: str) -> str:
    assert isinstance(claim, UUID)
    with money.sql("worker") as connection:
        return ClawBacks(ClawBackBooks(connection)).pass_to(
            claim, state, cause="judged", said_by="agent-8", instant=NOW
        )


def dispute(money: MoneyWorld, claim: UUID | str, site: str = SITES[0], day: date = DAY) -> str:
    with money.sql("hub") as connection:
        row = connection.execute("select rempart.dispute_claw_back(%s, %s, %s, %s)", (claim, site, day, NOW)).fetchone()
        return str(row[0]) if row else ""


def state(money: MoneyWorld, claim: UUID | str) -> str:
    found: str = money.one("select state from rempart.claw_back where claw_back = %s", claim)
    return found


def ordered(money: MoneyWorld, day: date) -> list[tuple[int, int]]:
    """(transfer, deducted) of each remittance of a run."""
    return [(one.amount, one.deducted) for one in money.pay(day).plan.remittances]


def test_a_claim_is_deducted_once_its_notice_ended(paid: MoneyWorld) -> None:
    """Not a day before; then from what the same insurer owes the same site, and the invoice stays paid."""
    claim = propose(paid)
    assert paid.one("select kind || ' ' || day from rempart.site_notice") == f"claw-back-notified {RIPE}"
    paid.decide(amc=900)
    assert ordered(paid, RIPE - timedelta(days=1)) == [(900, 0)]
    paid.decide(amc=900)
    assert ordered(paid, RIPE) == [(300, 600)]
    assert state(paid, claim) == "recovered"
    paid.confirm(file(RIPE))
    assert paid.one("select state from rempart.invoice where invoice = %s", paid.invoices[0]) == "paid"
    owed = f"owed:operator-1:{FIRST}"
    assert paid.one("select sum(amount)::bigint from rempart.transfer where credit = %s", owed) == 600
    assert paid.broken() == {}


def test_a_transfer_never_falls_below_a_cent(paid: MoneyWorld) -> None:
    """What cannot be taken now is taken later; another insurer's money and another site's are not touched."""
    claim = propose(paid, 1_000)
    paid.decide(amc=400)
    paid.decide(SITES[1], 700)
    assert ordered(paid, RIPE) == [(1, 399), (700, 0)]
    paid.decide(amc=300)
    paid.decide(amc=5_000, insurer=SECOND)
    assert ordered(paid, RIPE + timedelta(days=1)) == [(5_000, 300)]
    assert state(paid, claim) == "due"
    paid.decide(amc=5_000)
    assert ordered(paid, RIPE + timedelta(days=2)) == [(4_699, 301)]
    assert state(paid, claim) == "recovered"
    assert paid.broken() == {}


def test_instalments_are_monthly(paid: MoneyWorld) -> None:
    """At most so much in a calendar month, whatever is paid in it."""
    propose(paid, 500, instalment=200)
    for day, expected in ((RIPE, 200), (RIPE + timedelta(days=1), 0), (date(2027, 1, 4), 200), (date(2027, 2, 1), 100)):
        paid.decide(amc=900)
        assert ordered(paid, day) == [(900 - expected, expected)]
    assert paid.broken() == {}


def test_a_disputed_claim_waits_for_a_judgement(paid: MoneyWorld) -> None:
    """Its own site may dispute it while the notice runs, once; it is upheld or withdrawn by somebody."""
    claim = propose(paid)
    assert dispute(paid, claim, SITES[1]) == "not-found"
    assert dispute(paid, claim, day=RIPE) == "not-disputable"
    assert dispute(paid, claim) == "disputed"
    assert dispute(paid, claim) == "not-disputable"
    paid.decide(amc=900)
    assert ordered(paid, RIPE) == [(900, 0)]
    assert step(paid, claim, rules.DUE) == ""
    paid.decide(amc=900)
    assert ordered(paid, RIPE + timedelta(days=1)) == [(300, 600)]
    assert step(paid, claim, rules.WITHDRAWN) == "transition-not-allowed"
    assert paid.broken() == {}
    events = "select array_agg(state || ' ' || cause order by event) from rempart.claw_back_event"
    assert paid.one(events) == ["notified insurer", "disputed dispute", "due judged", "recovered deducted"]


def test_a_withdrawn_claim_frees_its_amount(paid: MoneyWorld) -> None:
    """Nothing is deducted for it, and the money may be claimed for another reason."""
    claim = propose(paid, 1_000)
    assert propose(paid, 1, "fraud") == "more-than-paid"
    assert step(paid, claim, rules.WITHDRAWN) == ""
    assert isinstance(propose(paid, 1_000, "fraud"), UUID)
    assert propose(paid, 10) == "claimed-already"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"reason": "we-changed-our-mind"}, "late-reason-unknown"),
        ({"amount": 1_001}, "more-than-paid"),
        ({"amount": 0}, "more-than-paid"),
        ({"insurer": SECOND}, "not-paid"),
        ({"instalment": -1}, "instalment-malformed"),
    ],
)
def test_a_claim_outside_the_rules_is_not_taken(paid: MoneyWorld, changed: dict[str, object], said: str) -> None:
    """The list of reasons is closed, an insurer claims its own money only, and no more than it paid."""
    assert propose(paid, **changed) == said  # type: ignore[arg-type]  # fields by name
    assert paid.one("select count(*) from rempart.claw_back") == 0


def test_closed_rights_are_no_reason_where_a_guarantee_stands(paid: MoneyWorld) -> None:
    """An invoice decided on this hub's own answer is owed even if rights were closed meanwhile."""
    with paid.sql() as connection:
        connection.execute("alter table rempart.decision disable trigger append_only")
        connection.execute("update rempart.decision set tag = %s", (bytes(32),))
        assert propose(paid, reason="rights-closed") == "guarantee-stands"
        connection.execute("update rempart.decision set tag = null")
    assert isinstance(propose(paid, reason="rights-closed"), UUID)


def test_a_late_reason_holds_for_twelve_months() -> None:
    """Counted from the payment; the day itself is in."""
    facts = rules.Paid(1_000, 0, date(2026, 3, 31), guaranteed=False)
    assert rules.refusal("fraud", 1, facts, date(2027, 3, 31)) == ""
    assert rules.refusal("fraud", 1, facts, date(2027, 4, 1)) == "too-late"


def test_a_refused_transfer_gives_its_deduction_back(paid: MoneyWorld) -> None:
    """The claim is due again, and the next remittance deducts it."""
    claim = propose(paid)
    paid.decide(amc=900)
    assert ordered(paid, RIPE) == [(300, 600)]
    paid.refused(file(RIPE))
    assert state(paid, claim) == "due"
    assert paid.broken() == {}
    assert ordered(paid, RIPE + timedelta(days=1)) == [(300, 600)]
    assert paid.broken() == {}


def test_a_site_takes_a_paid_invoice_back(paid: MoneyWorld) -> None:
    """Cancelled after payment: due at once, without notice; the number is free for the correction."""
    invoice = paid.invoices[0]
    with paid.sql("hub") as connection:
        said = connection.execute("select rempart.cancel_invoice(%s, %s, %s)", (invoice, SITES[0], NOW)).fetchone()
        again = connection.execute("select rempart.cancel_invoice(%s, %s, %s)", (invoice, SITES[0], NOW)).fetchone()
    assert (said, again) == (("taken-back",), ("not-cancellable",))
    assert paid.one("select live from rempart.invoice where invoice = %s", invoice) is False
    paid.decide(amc=2_500)
    assert ordered(paid, DAY + timedelta(days=1)) == [(1_500, 1_000)]
    assert paid.broken() == {}


def test_the_database_holds_the_limits(paid: MoneyWorld) -> None:
    """A worker that forgot its rules cannot claim more than was paid, nor deduct what is not due."""
    claim = propose(paid)
    paid.decide(amc=900)
    paid.pay(DAY + timedelta(days=1))
    remittance: UUID = paid.one("select remittance from rempart.remittance where day > %s", DAY)
    with paid.sql("worker") as connection:
        with pytest.raises(psycopg.errors.CheckViolation, match="more than is due"):
            connection.execute(
                "insert into rempart.remittance_deduction values (gen_random_uuid(), %s, %s, %s, 1)",
                (remittance, claim, FIRST),
            )
        with pytest.raises(psycopg.errors.CheckViolation, match="more than was paid"):
            connection.execute(
                "insert into rempart.claw_back select gen_random_uuid(), invoice, site, operator, insurer, 401, "
                "'fraud', 'due', notice_ends, 0, 'x', 0 from rempart.claw_back"
            )
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("update rempart.claw_back set amount = 1")


def test_what_the_compulsory_scheme_rejected_is_taken_back(paid: MoneyWorld) -> None:
    """The insurer paid its share of an invoice whose other share was rejected: a guarantee stops only closed rights."""
    with paid.sql() as connection:
        connection.execute("alter table rempart.decision disable trigger append_only")
        connection.execute("update rempart.decision set tag = '\\x01'")
    assert propose(paid, 1_000, "rights-closed") == "guarantee-stands"
    claim = propose(paid, 1_000, "amo-rejected")
    assert isinstance(claim, UUID)
    paid.decide(amc=1_500)
    assert ordered(paid, RIPE) == [(500, 1_000)]
    assert state(paid, claim) == "recovered"
    assert paid.one("select state from rempart.invoice where invoice = %s", paid.invoices[0]) == "paid"
    assert paid.broken() == {}
