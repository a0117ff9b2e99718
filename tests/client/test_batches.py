"""Waiting for a batch: not a look before its release, then seldomer and seldomer, and an end to it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from rempart.client import batches
from rempart.wire.batches import BatchItem, BatchReceipt, BatchState
from rempart.wire.eligibility import EligibilityRequest
from rempart.wire.problem import Problem

ID = "019caddd-6600-7a1e-8c33-5d2f4b1c0d0e"
QUESTION = EligibilityRequest("0099000137", "12345678", "1985-04-12", "2026-03-02", ("LABO",), "machine")


class Software(batches.Batches):
    """A client whose hub says what it is told to say."""

    def __init__(self, *states: str) -> None:
        self.states: Iterator[str] = iter(states)
        self.looks = 0

    def perform(self, call: Any) -> Any:
        assert call.method == "GET"
        self.looks += 1
        state = next(self.states)
        return Problem("absent", 404, "not-found") if state == "absent" else BatchState(ID, state, 1, "")


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    times: list[float] = []
    monkeypatch.setattr("rempart.client.batches.time.sleep", times.append)
    return times


def receipt(seconds: float) -> BatchReceipt:
    return BatchReceipt(ID, 1, (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat())


def test_the_first_look_is_at_the_release(slept: list[float]) -> None:
    """Then after one second, two, four; the answers end it."""
    software = Software("waiting", "waiting", "waiting", "ready")
    found = software.batch_answers(receipt(1_200))
    assert isinstance(found, BatchState)
    assert (found.state, software.looks) == ("ready", 4)
    assert 1_190 < slept[0] <= 1_200
    assert slept[1:] == [1.0, 2.0, 4.0]


def test_a_refusal_or_the_end_of_patience_ends_it(slept: list[float]) -> None:
    """What stands then is what is given."""
    refused = Software("absent").batch_answers(receipt(0))
    assert isinstance(refused, Problem)
    late = Software("waiting").batch_answers(receipt(0), 0.0)
    assert isinstance(late, BatchState)
    assert late.state == "waiting"
    assert slept == [0.0, 0.0]


def test_asyncio_waits_as_well() -> None:
    """The same, without a thread."""

    class Later(batches.AsyncBatches):
        async def perform(self, call: Any) -> Any:
            assert call.method == "GET"
            return BatchState(ID, "ready", 1, "")

    found = asyncio.run(Later().batch_answers(receipt(0)))
    assert isinstance(found, BatchState)


def test_a_batch_goes_under_its_key_and_numbers() -> None:
    """The body is what the hub's type reads; the key a header; the id of a look a UUID and nothing else."""
    call = batches.send((BatchItem(7, QUESTION),), "kept")
    assert msgspec.json.decode(call.body)["items"][0]["item"] == 7
    assert ("Idempotency-Key", "kept") in call.headers
    with pytest.raises(ValueError, match="badly formed"):
        batches.read("../invoices")
