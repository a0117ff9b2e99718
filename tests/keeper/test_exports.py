"""A file that tells many invoices: its taker signs exactly that, and the second of two is another person."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from rempart.keeper.clock import HOUR
from rempart.sealing import actions
from rempart.sealing.account_frames import APPROVE
from rempart.sealing.action_frames import ActionResult, Signing, unwrapped
from rempart.sealing.export_frames import ExportItem
from support.keepers import SITE
from support.people import KEY, Door, part
from support.signers import Member, member

DOCUMENT = str(uuid4())


def sign(door: Door, by: Member, taker: Member, **changed: Any) -> ActionResult:
    """What `by` signs of a file that `taker` fetches; `shown` are other fields than those asked for."""
    first = changed.pop("first", b"")
    fields = (changed.pop("what", "remittance"), DOCUMENT, str(changed.pop("invoices", 640)), taker.account)
    shown = changed.pop("shown", fields)
    wanted = actions.written("export-second" if first else "export", "horizon", changed.pop("site", SITE), *shown)
    assert wanted is not None
    challenge = door.challenge(APPROVE) + wanted.digest()
    asked = Signing(by.grant, KEY, challenge, part(by.device, challenge), door.at)
    what, document, invoices, account = fields
    item = ExportItem(what, document, int(invoices), account, first, asked)
    (done,) = door.world.parts.signed_actions.handlers()["sign_export"]([item])
    assert isinstance(done, ActionResult)
    return done


@pytest.mark.parametrize("role", ["staff", "professional", "manager"])
def test_whoever_reads_payments_signs_for_the_own_file(door: Door, role: str) -> None:
    """The approval names account, place and session."""
    by = member(door, role)
    said = unwrapped(sign(door, by, by).approval)
    assert said is not None
    assert (said.kind, said.operator, said.site, said.account, len(said.session)) == (
        "export", "horizon", SITE, by.account, 8
    )  # fmt: skip


def test_a_second_person_signs_the_very_same(door: Door) -> None:
    """Another number of invoices than the taker signed, or an approval of something else, is not proven."""
    taker, second = member(door, "staff"), member(door, "professional")
    first = sign(door, taker, taker).approval
    assert sign(door, second, taker, first=first).refusal == ""
    assert sign(door, second, taker, first=first, invoices=51).refusal == "approval-unproven"
    assert sign(door, second, second, first=first).refusal == "approval-unproven"
    forged = first[:15] + bytes([first[15] ^ 1]) + first[16:]
    assert sign(door, second, taker, first=forged).refusal == "approval-unproven"
    colleague = member(door, "manager")
    assert sign(door, colleague, taker, first=sign(door, second, second).approval).refusal == "approval-unproven"


def test_one_person_is_not_two_and_staff_second_nobody(door: Door) -> None:
    """The taker's own second word, a passkey that two accounts share, a colleague without the authority."""
    taker, staff = member(door, "manager"), member(door, "staff")
    first = sign(door, taker, taker).approval
    assert sign(door, taker, taker, first=first).refusal == "same-person"
    assert sign(door, staff, taker, first=first).refusal == "purpose-not-granted"


def test_what_was_not_shown_is_not_signed(door: Door) -> None:
    """Another document, another taker, another place than on the page; a kind of nobody's; no invoice at all."""
    by, other = member(door, "professional"), member(door, "manager")
    assert sign(door, by, by, shown=("remittance", str(uuid4()), "640", by.account)).refusal == "challenge-invalid"
    assert sign(door, by, by, shown=("remittance", DOCUMENT, "51", by.account)).refusal == "challenge-invalid"
    assert sign(door, by, by, site="990000010").refusal == "challenge-invalid"
    assert sign(door, by, other).refusal == "export-unknown"
    assert sign(door, by, by, what="everything").refusal == "export-unknown"
    assert sign(door, by, by, invoices=0).refusal == "export-unknown"


def test_a_taker_s_word_is_seconded_within_a_day(door: Door) -> None:
    """Later the taker signs again."""
    taker, second = member(door, "staff"), member(door, "professional")
    first = sign(door, taker, taker).approval
    door.at += 25 * HOUR
    again = Member(second.device, second.account, door.sign_in(second.device).grant)
    assert sign(door, again, taker, first=first).refusal == "approval-unproven"
