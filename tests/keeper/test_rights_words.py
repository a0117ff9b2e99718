"""Releasing a quarantined rights file at the keeper: two managers' signatures over that file, and nothing else."""

from __future__ import annotations

import pytest

from rempart.keeper.clock import HOUR, MINUTE
from rempart.sealing.account_frames import RecoverAccount
from rempart.sealing.desk_frames import RightsReleasedItem, RightsReleasedResult, RightsWord
from rempart.sealing.invitations import code_hash, fresh_code
from support.authenticator import Authenticator
from support.keepers import INSURER
from support.people import Door
from support.rights_words import Manager, manager, release

FILE = (INSURER, "412", "47" * 32)
OTHER = "0000409999"


def word(door: Door, by: Manager, file: tuple[str, str, str] = FILE) -> RightsWord:
    found = release(door, by, file)
    assert found.refusal == ""
    return RightsWord(by.account, found.approval)


def told(door: Door, *words: RightsWord, file: tuple[str, str, str] = FILE) -> tuple[str, int]:
    """What the worker hears of these words."""
    (found,) = door.world.parts.desk_words.box()["rights_released"]([RightsReleasedItem(*file, words)])
    assert isinstance(found, RightsReleasedResult)
    return found.refusal, found.people


def test_two_managers_who_signed_that_file_are_two_people(door: Door) -> None:
    """One is one; both survive a restart of the keeper; what one said twice is one person."""
    first, second = manager(door, INSURER), manager(door, INSURER)
    one, two = word(door, first), word(door, second)
    assert told(door, one) == ("", 1)
    assert told(door, one, two) == ("", 2)
    door.restart()
    assert told(door, one, two) == ("", 2)
    assert told(door, one, word(door, first)) == ("same-person", 1)


def test_words_made_up_swapped_or_of_another_file_are_nobodys(door: Door) -> None:
    """What a hub can write: no approval, another's, another file's, another insurer's, random bytes."""
    first, second = manager(door, INSURER), manager(door, INSURER)
    one, two = word(door, first), word(door, second)
    elsewhere = word(door, manager(door, OTHER), (OTHER, *FILE[1:]))
    forged = (
        RightsWord(second.account, b""), RightsWord(second.account, one.approval),
        RightsWord(second.account, b"\0" * 16 + two.approval[16:]), RightsWord(second.account, bytes(300)),
        RightsWord("a000000manager02", two.approval), elsewhere, word(door, second, (INSURER, "413", FILE[2])),
        word(door, second, (*FILE[:2], "48" * 32)),
    )  # fmt: skip
    for each in forged:
        assert told(door, one, each) == ("approval-unproven", 1)
    assert told(door, *forged) == ("approval-unproven", 0)
    for wrong in ((OTHER, *FILE[1:]), (INSURER, "413", FILE[2]), (*FILE[:2], "48" * 32)):
        assert told(door, one, two, file=wrong) == ("approval-unproven", 0)


@pytest.mark.parametrize("shown", [(OTHER, *FILE[1:]), (INSURER, "413", FILE[2]), (*FILE[:2], "48" * 32)])
def test_another_file_than_the_manager_read_is_refused(door: Door, shown: tuple[str, str, str]) -> None:
    """Another insurer's, another number, another digest."""
    assert release(door, manager(door, INSURER), FILE, shown).refusal == "challenge-invalid"


def test_who_is_no_manager_or_on_probation_releases_nothing(door: Door) -> None:
    """A case worker, somebody of the operator's desk; a manager for 72 hours after a recovery."""
    assert release(door, manager(door, INSURER, "case-worker"), FILE).refusal == "purpose-not-granted"
    assert release(door, manager(door, "horizon", "agent"), FILE).refusal == "purpose-not-granted"
    held, code = manager(door, INSURER), fresh_code()
    lost = RecoverAccount(held.account, "horizon", INSURER, code_hash(code) or b"", door.at + HOUR, "officer")
    assert door.ring("recover_account", lost) == ""
    door.at += MINUTE
    again = Authenticator()
    assert door.enrol(again, code=code, site=INSURER).refusal == ""
    assert release(door, held._replace(device=again), FILE).refusal == "on-probation"
