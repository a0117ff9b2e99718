"""Dangerous actions: a passkey signs the very action, the keeper alone can say that it did, and two are two people."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest

from rempart.domain.dangerous import AUTHORITY, Signer, second_person
from rempart.keeper.account_registry import PROBATION
from rempart.keeper.clock import HOUR, MINUTE
from rempart.sealing import actions
from rempart.sealing.account_frames import APPROVE, RecoverAccount
from rempart.sealing.action_frames import (
    ActionResult,
    ApproveBankItem,
    BankApprovedItem,
    BankApprovedResult,
    ProposeBankItem,
    ProposeBankResult,
    Signing,
    unwrapped,
)
from rempart.sealing.frames import OpenIbanItem
from rempart.sealing.invitations import code_hash, fresh_code
from support.authenticator import Authenticator
from support.keepers import OTHER_SITE, SITE
from support.money import iban
from support.people import KEY, Door, part
from support.signers import Member, member

NEW, NAME = iban(77), "CABINET DUPRE"


@dataclass
class Bank:
    """One change of bank details, signed by members of the site."""

    door: Door
    change: str

    def signing(self, by: Member, kind: str, *fields: str, **changed: Any) -> Signing:
        """What `by` signs of an action; `shown` are other fields than those asked for."""
        wanted = actions.written(kind, "horizon", changed.pop("site", SITE), *changed.pop("shown", fields))
        assert wanted is not None
        challenge = changed.pop("challenge", None) or self.door.challenge(APPROVE) + wanted.digest()
        signed = part(changed.pop("device", by.device), challenge)
        return Signing(changed.pop("grant", by.grant), KEY, challenge, signed, self.door.at)

    def propose(self, by: Member, **changed: Any) -> ProposeBankResult:
        account = changed.pop("iban", NEW)
        asked = self.signing(by, "bank-propose", self.change, NAME, account, **changed)
        return self.door.world.parts.signed_actions.propose_bank([ProposeBankItem(self.change, NAME, account, asked)])[
            0
        ]

    def approve(self, by: Member, first: ProposeBankResult, **changed: Any) -> ActionResult:
        said = unwrapped(first.approval)
        assert said is not None
        sealed = changed.pop("sealed", first.sealed)
        change = changed.pop("change", self.change)
        asked = self.signing(by, "bank-approve", self.change, said.account, said.ending, **changed)
        item = ApproveBankItem(change, sealed, first.approval, asked)
        return self.door.world.parts.signed_actions.approve_bank([item])[0]

    def approved(self, first: ProposeBankResult, second: bytes = b"", **changed: Any) -> BankApprovedResult:
        said = {
            "change": self.change, "operator": "horizon", "site": SITE, "sealed": first.sealed,
            "proposal": first.approval, "second": second,
        } | changed  # fmt: skip
        return self.door.world.parts.signed_actions.bank_approved([BankApprovedItem(**said)])[0]


@pytest.fixture
def bank(door: Door) -> Bank:
    """A change that nobody has signed yet."""
    return Bank(door, str(uuid4()))


def test_an_action_is_written_as_the_document_says() -> None:
    """Kind, then each field on a line of its own, in the order in which it is shown; a known hash."""
    wanted = actions.written("bank-approve", "horizon", "990000002", "c", "a2b4c6d8e0f1g3h5", "0189")
    assert wanted is not None
    assert wanted.shown() == (
        ("operator", "horizon"), ("site", "990000002"), ("change", "c"), ("proposed_by", "a2b4c6d8e0f1g3h5"),
        ("ending", "0189"),
    )  # fmt: skip
    assert wanted.digest().hex() == _by_hand(*wanted)
    assert set(actions.FIELDS) == set(AUTHORITY)


def _by_hand(kind: str, fields: tuple[str, ...]) -> str:
    return sha256(b"rempart/1/action\n" + b"".join(line.encode() + b"\n" for line in (kind, *fields))).hexdigest()


@pytest.mark.parametrize("fields", [("horizon", "990000002"), ("horizon", "990000002", "a\nb")])
def test_an_action_that_could_be_read_as_another_is_none(fields: tuple[str, ...]) -> None:
    """A field too few, a field of two lines, a kind of nobody's."""
    assert actions.written("recover", *fields) is None
    assert actions.written("nothing", "horizon", "990000002", "x") is None


def test_two_managers_change_an_account(bank: Bank) -> None:
    """Sealed to the change, shown by its last four; both signatures are the keeper's, for this account alone."""
    first, second = member(bank.door, "manager"), member(bank.door, "manager")
    proposed = bank.propose(first)
    assert (proposed.refusal, proposed.ending, len(proposed.index)) == ("", NEW[-4:], 16)
    opened = bank.door.world.parts.keeping.open_iban([OpenIbanItem(bank.change, proposed.sealed, "t")])[0]
    assert (opened.iban, opened.name) == (NEW, NAME)
    agreed = bank.approve(second, proposed)
    assert agreed.refusal == ""
    assert bank.approved(proposed) == BankApprovedResult("", first.account)
    assert bank.approved(proposed, agreed.approval) == BankApprovedResult("", first.account, second.account)
    bank.door.restart()
    assert bank.approved(proposed, agreed.approval).refusal == ""


def test_what_was_not_shown_is_not_done(bank: Bank) -> None:
    """Another account, change or site than signed, a challenge that was used: nothing is sealed."""
    by = member(bank.door, "manager")
    assert bank.propose(by, shown=(bank.change, NAME, iban(78))).refusal == "challenge-invalid"
    assert bank.propose(by, shown=(str(uuid4()), NAME, NEW)).refusal == "challenge-invalid"
    assert bank.propose(by, site=OTHER_SITE).refusal == "challenge-invalid"
    assert bank.propose(by, device=member(bank.door, "manager").device).refusal == "unknown-passkey"
    asked = bank.signing(by, "bank-propose", bank.change, NAME, NEW)
    item = ProposeBankItem(bank.change, NAME, NEW, asked)
    propose = bank.door.world.parts.signed_actions.propose_bank
    assert [propose([item])[0].refusal for _ in range(2)] == ["", "challenge-spent"]


def test_one_person_is_not_two(bank: Bank) -> None:
    """Neither the account that proposed, nor its passkey or session under another name."""
    by, other = member(bank.door, "manager"), member(bank.door, "manager")
    proposed = bank.propose(by)
    assert bank.approve(by, proposed).refusal == "same-person"
    one = Signer("a", b"p", b"s")
    assert {second_person(one, replace_in(one, name)) for name in ("account", "passkey", "session")} == {"same-person"}
    assert bank.approve(other, proposed).refusal == ""


def replace_in(one: Signer, same: str) -> Signer:
    """Somebody else, but for one thing."""
    return Signer("b", b"q", b"t")._replace(**{same: getattr(one, same)})


def test_the_roles_that_sign_and_those_that_do_not(bank: Bank) -> None:
    """Staff never; a professional only where the site has no manager; nobody but a manager approves."""
    staff, alone = member(bank.door, "staff"), member(bank.door, "professional")
    assert bank.propose(staff).refusal == "purpose-not-granted"
    proposed = bank.propose(alone)
    assert proposed.refusal == ""
    assert bank.approve(alone, proposed).refusal == "purpose-not-granted"
    manager = member(bank.door, "manager")
    assert bank.propose(alone).refusal == "manager-signs"
    assert bank.propose(manager).refusal == ""


def test_on_probation_nobody_signs(bank: Bank) -> None:
    """For 72 hours after a recovery, whatever the role."""
    by, code, again = member(bank.door, "manager"), fresh_code(), Authenticator()
    asked = RecoverAccount(by.account, "horizon", SITE, code_hash(code) or b"", bank.door.at + HOUR, "agent-7")
    assert bank.door.ring("recover_account", asked) == ""
    bank.door.at += MINUTE
    bank.door.world.parts.clock.hear(bank.door.at)
    assert bank.door.enrol(again, code=code).refusal == ""
    back = Member(again, by.account, bank.door.sign_in(again).grant)
    assert bank.propose(back).refusal == "on-probation"
    bank.door.at += PROBATION
    bank.door.world.parts.clock.hear(bank.door.at)
    back = Member(again, by.account, bank.door.sign_in(again).grant)
    assert bank.propose(back).refusal == ""


def test_what_a_hub_makes_up_is_no_approval(bank: Bank) -> None:
    """Edited, of another change, site, operator or account, one kind for the other: the payer is told at once."""
    first, second = member(bank.door, "manager"), member(bank.door, "manager")
    proposed = bank.propose(first)
    agreed = bank.approve(second, proposed)
    other = Bank(bank.door, str(uuid4()))
    elsewhere = other.propose(first, iban=iban(78))
    unproven = [
        bank.approved(proposed, agreed.approval, sealed=elsewhere.sealed),
        bank.approved(proposed, agreed.approval, change=other.change),
        bank.approved(proposed, agreed.approval, site=OTHER_SITE),
        bank.approved(proposed, agreed.approval, operator="azur"),
        bank.approved(proposed, proposed.approval),
        bank.approved(proposed, other.approve(second, elsewhere).approval),
        bank.approved(proposed, agreed.approval[:-1] + bytes([agreed.approval[-1] ^ 1])),
        bank.approved(proposed, proposal=b""),
        bank.approved(proposed, proposal=bytes(40)),
    ]
    assert {found.refusal for found in unproven} == {"approval-unproven"}
    swapped = bank.approve(second, proposed, sealed=elsewhere.sealed)
    assert swapped.refusal == "approval-unproven"
