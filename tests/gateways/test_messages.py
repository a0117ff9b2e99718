"""Messages beside codes: whole files that only their owner reads, with a text in both languages."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.gateways.messages import FORMAT, INVITATION, RECOVERED, RECOVERY, Message, Messages
from rempart.sealing.invitations import code_hash, fresh_code, halves

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT, NOW, LATER = "a7k2m9x4c1v8b3n5", 1_795_363_200_000_000, 1_795_968_000_000_000


@pytest.mark.parametrize(("kind", "half"), [(INVITATION, "9X4C-1V8B"), (RECOVERY, "9X4C-1V8B"), (RECOVERED, "")])
def test_a_message_is_one_private_file_that_says_what_to_do(tmp_path: Path, kind: str, half: str) -> None:
    """Folder 0700, file 0600; both texts hold the half there is, until when, and whom to call."""
    path = Messages(tmp_path / "messages").put(Message(kind, "horizon", ACCOUNT, "751234568", half, NOW, LATER))
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    told = json.loads(path.read_bytes())
    assert (told["format"], told["kind"], told["account"], told["second_half"]) == (FORMAT, kind, ACCOUNT, half)
    for text in (told["text_fr"], told["text_en"]):
        assert half in text
        assert "horizon" in text
        assert "29/11/2026" in text
    assert "Appelez votre opérateur" in told["text_fr"]
    assert "Call your operator" in told["text_en"]


def test_two_messages_to_one_account_are_two_files(tmp_path: Path) -> None:
    """A second invitation does not take the place of one that was not sent yet."""
    messages = Messages(tmp_path)
    for at in (NOW, NOW + 1):
        messages.put(Message(INVITATION, "horizon", ACCOUNT, "751234568", "9X4C-1V8B", at, LATER))
    assert len(list(tmp_path.iterdir())) == 2


@given(st.sampled_from(["{}{}", "{} {}", "{}-{}", "{}\n{}"]))
def test_halves_make_the_code_and_neither_is_one(between: str) -> None:
    """Put one after the other, however they are joined, they are the code; each alone, or twice, is another or none."""
    code = fresh_code()
    first, second = halves(code)
    assert (len(first), len(second)) == (9, 9)
    assert code_hash(between.format(first, second)) == code_hash(code)
    assert code_hash(first) is code_hash(second) is None
    assert first == second or code_hash(first * 2) != code_hash(code)
