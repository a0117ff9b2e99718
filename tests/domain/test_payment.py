"""Who is paid, when and under which names; and that no sequence of decisions and payments pays anything twice."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain import accounts, transfer
from rempart.domain.identifiers import Fault
from rempart.domain.payment import (
    WAITING_RULES,
    Due,
    Plan,
    Terms,
    bank_reference,
    file_id,
    file_name,
    parse_iban,
    parse_name,
    plan,
    remittance_id,
    remittance_text,
    sepa_text,
)
from rempart.domain.transfer import (
    RELEASED,
    RESERVED,
    SETTLED,
    Ordered,
    Transfer,
    balances,
    follows,
    movement,
    overdrawn,
)

DAY = date(2026, 11, 23)
PAYEE = UUID(int=7)
SEPA = re.compile(r"[A-Za-z0-9/?:().,'+ -]*")


def due(amount: int = 100, **changed: object) -> Due:
    fields: dict[str, object] = {
        "site": "992300010", "operator": "op", "insurer": "0000401166", "amount": amount, "invoices": 1, "payee": PAYEE,
        "account": "main",
    } | changed  # fmt: skip
    return Due(**fields)  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    ("changed", "terms", "reason"),
    [
        ({"payee": None}, Terms(DAY), "no-payee"),
        ({"account": None}, Terms(DAY), "no-paying-account"),
        ({"last": DAY}, Terms(DAY), "cycle-running"),
        ({"last": DAY - timedelta(days=6)}, Terms(DAY, 7), "cycle-running"),
        ({}, Terms(DAY, 1, 101), "below-least"),
        ({"refused": "AC04"}, Terms(DAY), "account-refused"),
        ({"refused": "MS03"}, Terms(DAY), ""),
        ({"last": DAY - timedelta(days=7)}, Terms(DAY, 7, 100), ""),
        ({"last": DAY - timedelta(days=6), "cycle_days": 7}, Terms(DAY), "cycle-running"),
        ({"last": DAY - timedelta(days=6), "cycle_days": 6, "least_cents": 100}, Terms(DAY, 7, 500), ""),
        ({"least_cents": 101}, Terms(DAY), "below-least"),
    ],
)
def test_a_payee_waits_for_one_named_reason(changed: dict[str, object], terms: Terms, reason: str) -> None:
    """No payee, no paying account, a running cycle, too little; else it is paid. A contract goes first."""
    found = plan([due(**changed)], terms)
    assert [one.reason for one in found.waiting] == ([reason] if reason else [])
    assert len(found.remittances) == (0 if reason else 1)
    assert len(WAITING_RULES) == 5


def test_insurers_of_one_payer_share_a_remittance() -> None:
    """Small amounts of several insurers add up before they are compared with the least."""
    found = plan([due(60), due(60, insurer="0000775001")], Terms(DAY, 1, 100))
    (one,) = found.remittances
    assert (one.amount, one.invoices, one.insurers) == (120, 2, ("0000401166", "0000775001"))
    assert len(plan([due(60), due(60, account="other")], Terms(DAY)).remittances) == 2


DUES = st.lists(
    st.builds(
        due, st.integers(1, 10_000), site=st.sampled_from(["992300010", "992300028"]),
        insurer=st.sampled_from(["a", "b", "c"]), payee=st.sampled_from([None, PAYEE, UUID(int=8)]),
        account=st.sampled_from([None, "main", "own"]), last=st.sampled_from([None, DAY, DAY - timedelta(days=3)]),
    ),
    max_size=12,
)  # fmt: skip


@given(DUES, st.integers(1, 5), st.integers(1, 500))
def test_a_plan_pays_or_explains_every_cent(dues: list[Due], cycle: int, least: int) -> None:
    """Paid and waiting together are all that was due; the order in which it came changes nothing."""
    found = plan(dues, Terms(DAY, cycle, least))
    told = sum(one.amount for one in found.remittances) + sum(one.amount for one in found.waiting)
    assert told == sum(one.amount for one in dues)
    assert all(one.reason for one in found.waiting)
    assert _sorted(plan(list(reversed(dues)), Terms(DAY, cycle, least))) == _sorted(found)


def _sorted(found: Plan) -> tuple[object, ...]:
    return sorted(map(str, found.remittances)), sorted(map(str, found.waiting))


@given(st.uuids(), st.uuids(), st.dates(), st.sampled_from(["main", "own"]))
def test_a_remittance_has_one_reference_for_ever(payee: UUID, other: UUID, day: date, account: str) -> None:
    """The same payee, account and day give the same EndToEndId, anything else another; 29 characters a bank takes."""
    reference = bank_reference(remittance_id(payee, account, day))
    assert reference == bank_reference(remittance_id(payee, account, day))
    assert re.fullmatch(r"RMP[0-9A-HJKMNP-TV-Z]{26}", reference)
    assert (bank_reference(remittance_id(other, account, day)) == reference) == (other == payee)
    assert bank_reference(file_id(account, day, 1)) not in {reference, bank_reference(file_id(account, day, 2))}
    assert int.from_bytes(payee.bytes) == _undone(bank_reference(payee))


def _undone(reference: str) -> int:
    number = 0
    for character in reference[3:]:
        number = number * 32 + "0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(character)
    return number


@given(st.text(), st.integers(1, 140))
def test_texts_keep_to_what_every_bank_takes(text: str, most: int) -> None:
    """Whatever is written, what goes to the bank is Latin, in bounds, and has no slash where none may be."""
    found = sepa_text(text, most)
    assert SEPA.fullmatch(found)
    assert len(found) <= most
    assert "//" not in found
    assert not found.startswith("/")
    assert not found.endswith("/")


def test_names_and_texts_read_well() -> None:
    """Accents are dropped, ligatures spelled, an empty name refused."""
    assert parse_name("Éloïse Sœur & Fils") == "Eloise Soeur Fils"
    assert parse_name("漢字") == Fault("name", "name-malformed")
    assert parse_name("x" * 71) == Fault("name", "name-malformed")
    text = remittance_text("Opérateur", "RMP0", day=DAY, invoices=1)
    assert text == "TIERS PAYANT Operateur RMP0 du 23/11/2026 1 facture"
    assert file_name("main", DAY, 3) == "main-20261123-03.xml"


@pytest.mark.parametrize("text", ["FR76 3000 6000 0112 3456 7890 189", "fr7630006000011234567890189"])
def test_an_iban_is_checked_and_made_plain(text: str) -> None:
    """Spaces and small letters are accepted."""
    assert parse_iban(text) == "FR7630006000011234567890189"


@pytest.mark.parametrize("text", ["", "FR7630006000011234567890188", "FR76", "XX7630006000011234567890189", "é"])
def test_a_wrong_iban_is_refused_without_being_shown(text: str) -> None:
    """Wrong key, length or country."""
    assert parse_iban(text) == Fault("iban", "iban-malformed")


def test_a_remittance_ends_once() -> None:
    """Reserved, then settled or released, and nothing after."""
    assert follows("", RESERVED)
    assert follows(RESERVED, SETTLED)
    assert follows(RESERVED, RELEASED)
    for ended in (SETTLED, RELEASED):
        assert not any(follows(ended, state) for state in (RESERVED, SETTLED, RELEASED))
    with pytest.raises(ValueError, match="positive"):
        Transfer("a", "b", 0, "reserve", b"")


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("decide"), st.sampled_from(["s1", "s2"]), st.integers(1, 500)),
        st.tuples(st.just("cancel"), st.integers(0, 20)),
        st.tuples(st.just("pay")),
        st.tuples(st.sampled_from([SETTLED, RELEASED]), st.integers(0, 20)),
    ),
    max_size=40,
)


@given(ACTIONS)
def test_accounts_balance_and_nothing_is_paid_twice(actions: list[tuple[object, ...]]) -> None:
    """Any sequence of decisions, cancellations, runs, settlements and releases keeps every account sound."""
    ledger = _Model()
    for action, *rest in actions:
        getattr(ledger, {SETTLED: "end", RELEASED: "end"}.get(str(action), str(action)))(
            *rest, **({"state": action} if action in {SETTLED, RELEASED} else {})
        )
        ledger.check()


class _Model:
    """A ledger in memory that follows the rules of `domain.transfer` and `domain.payment`."""

    def __init__(self) -> None:
        self.transfers: list[Transfer] = []
        self.waiting: dict[int, tuple[str, int]] = {}
        self.open: dict[bytes, tuple[Ordered, dict[int, tuple[str, int]]]] = {}
        self.paid: Counter[int] = Counter()
        self.decided = 0
        self.day = DAY

    def decide(self, site: str, amount: int) -> None:
        self.decided += 1
        subject = self.decided.to_bytes(16)
        self.transfers.append(Transfer(accounts.owed("op", "i"), accounts.due("op", site), amount, "decision", subject))
        self.waiting[self.decided] = (site, amount)

    def cancel(self, number: int) -> None:
        if number in self.waiting:
            site, amount = self.waiting.pop(number)
            debit, credit = accounts.due("op", site), accounts.owed("op", "i")
            self.transfers.append(Transfer(debit, credit, amount, "cancellation", number.to_bytes(16)))

    def pay(self) -> None:
        self.day += timedelta(days=1)
        sums: Counter[str] = Counter()
        for site, amount in self.waiting.values():
            sums[site] += amount
        dues = [due(amount, site=site, payee=UUID(int=len(site) + ord(site[-1]))) for site, amount in sums.items()]
        for one in plan(dues, Terms(self.day)).remittances:
            ordered = Ordered(one.identity.bytes, str(one.identity), "op", one.site, one.account, one.amount)
            lines = {number: entry for number, entry in self.waiting.items() if entry[0] == one.site}
            self.transfers.append(movement(ordered, RESERVED))
            self.open[ordered.identity] = (ordered, lines)
            for number in lines:
                del self.waiting[number]

    def end(self, number: int, *, state: str) -> None:
        if number < len(self.open):
            ordered, lines = self.open.pop(list(self.open)[number])
            self.transfers.append(movement(ordered, state))
            if state == SETTLED:
                self.paid.update(lines.keys())
            else:
                self.waiting.update(lines)

    def check(self) -> None:
        found = balances(self.transfers)
        assert sum(found.values()) == 0
        assert overdrawn(found) == ()
        assert max(self.paid.values(), default=0) <= 1
        assert len({(one.kind, one.subject) for one in self.transfers}) == len(self.transfers)
        for site in ("s1", "s2"):
            waits = sum(amount for place, amount in self.waiting.values() if place == site)
            assert found.get(accounts.due("op", site), 0) == waits
        for ordered, _ in self.open.values():
            assert found[accounts.reserved(ordered.name)] == ordered.amount
        assert {transfer.KINDS[SETTLED], transfer.KINDS[RELEASED]} == {"settle", "release"}
