"""POST and GET /v1/eligibility/batches: what needs no record is answered at once, item by item.

The questions are sealed by the keeper chunk by chunk and acknowledged once durable; the answers are released at an
instant drawn when the questions came.
"""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, TypeVar
from uuid import UUID

import msgspec

from rempart.api import closures, eligibility
from rempart.api.deposits import Keeper, Refusal, new_inbound
from rempart.api.problems import problem
from rempart.api.state import HubState
from rempart.application.batches import ANSWERED_BY, APPOINTMENTS
from rempart.application.eligibility import Question
from rempart.application.guard import ELIGIBILITY, Caller, Wish, admit
from rempart.application.together import Unavailable
from rempart.domain.appointments import MOST_ITEMS
from rempart.domain.compartments import SIGNED_CARD
from rempart.ground.instants import MICROSECONDS, iso
from rempart.ground.options import Batches as Options
from rempart.sealing.answer_frames import OpenAnswersItem
from rempart.sealing.frames import DepositItem, MacItem
from rempart.storage.batch_records import NOBODY, pack_questions, unpack_answer
from rempart.storage.batches import BatchIntake, BatchRow, NewBatch
from rempart.storage.door import Databases
from rempart.wire.batches import BatchReceipt, ItemNumber, ItemRefusal
from rempart.wire.eligibility import EligibilityRequest
from rempart.wire.once import repeats_a_name
from rempart.wire.problem import FieldError, Problem

T = TypeVar("T")
BODY_MOST = 4 * 1024 * 1024  # bytes
CHUNK = 250  # questions sealed, and later settled, together
TOGETHER = 50  # items between two turns of the event loop, so that a question at a counter does not wait for a batch
OPENED = 100  # answers opened by one call of the keeper, for the same reason


class _Item(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    item: ItemNumber
    question: msgspec.Raw


class _Request(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    items: tuple[_Item, ...]
    sealed_mark: str = ""


_SEALS = re.compile(rb'("identity_jwe"\s*:\s*")[^"]*')
_decode = msgspec.json.Decoder(_Request).decode
_decode_question = msgspec.json.Decoder(EligibilityRequest).decode
_encode = msgspec.json.encode


@dataclass(frozen=True, slots=True)
class Taken:
    """The receipt's bytes, and whether it answers a repeat."""

    receipt: bytes
    repeated: bool = False


class _Read(NamedTuple):
    good: list[tuple[int, Question]]
    refused: list[ItemRefusal]


class BatchDesk:
    """Takes batches in and gives their answers."""

    def __init__(self, state: HubState, keeper: Keeper, databases: Databases) -> None:
        self._state = state
        self._keeper = keeper
        self._databases = databases
        self._told = dataclasses.replace(state, hub=ANSWERED_BY)

    async def take(self, caller: Caller, body: bytes, key: str, instant: int) -> Taken | Refusal | Problem:
        """The batch, durable; or why nothing was taken. Raises `Unavailable`."""
        wish = Wish("api", ELIGIBILITY, "", "machine", instant)
        refusal = admit(self._state.facts.snapshot, caller, wish)
        if refusal:
            return closures.refusal(self._state, refusal, caller, wish)
        asked = _shaped(body)
        if isinstance(asked, Refusal):
            return asked
        key_mac, request_mac = await self._macs(caller, key, _comparable(asked, body))
        async with self._databases.lend() as database:
            intake = BatchIntake(database)
            before = await intake.replayed(caller.client, key_mac)
            if before is None:
                new = await self._new(caller, asked.items, (key_mac, request_mac), instant)
                if await intake.take(new):
                    return Taken(new.receipt)
                before = await intake.replayed(caller.client, key_mac)
        if before is None or before[0] != request_mac:
            return Refusal("idempotency-key-reused")
        return Taken(before[1], repeated=True)

    async def read(self, caller: Caller, batch: UUID, instant: int) -> bytes | None:
        """`wire.BatchState` as bytes; None for what is not this client's and site's. Raises `Unavailable`."""
        async with self._databases.lend() as database:
            intake = BatchIntake(database)
            row = await intake.find(caller.client, caller.site, batch)
            if row is None:
                return None
            state = _standing(row, instant, self._state.settings.batches)
            answers = await intake.answers(batch) if state == "ready" else []
        told = await self._answers(caller, batch, answers)
        head = _encode({"batch": str(batch), "state": state, "items": row.items, "ready_from": iso(row.ready)})
        return head[:-1] + b',"answers":[' + b",".join(told) + b"]}"

    async def _new(self, caller: Caller, asked: tuple[_Item, ...], macs: tuple[bytes, bytes], instant: int) -> NewBatch:
        found = await self._questions(caller, asked)
        identity = new_inbound(instant)[:12] + os.urandom(4)
        ready = instant + _delay(self._state.settings.batches)
        receipt = BatchReceipt(str(UUID(bytes=identity)), len(asked), iso(ready), tuple(found.refused))
        chunks = [
            (tuple(number for number, _ in part), await self._seal(caller, pack_questions(part)))
            for part in _parts(found.good, CHUNK)
        ]
        return NewBatch(
            identity, caller.client, caller.site, caller.grant_id, instant, ready, len(asked), *macs,
            _encode(receipt), chunks, [(one.item, one.code) for one in found.refused],
        )  # fmt: skip

    async def _questions(self, caller: Caller, asked: tuple[_Item, ...]) -> _Read:
        """Each item canonical and admitted, or refused alone; no record is read."""
        found = _Read([], [])
        for place, one in enumerate(asked):
            if place % TOGETHER == TOGETHER - 1:
                await asyncio.sleep(0)
            question = self._question(caller, bytes(one.question))
            if isinstance(question, Problem):
                self._state.figures.refusals.add(question.code)
                found.refused.append(ItemRefusal(one.item, question.code, question.errors))
            else:
                found.good.append((one.item, question))
        return found

    def _question(self, caller: Caller, body: bytes) -> Question | Problem:
        found = eligibility.read(self._state, caller, body)
        if isinstance(found, Question) and found.evidence == SIGNED_CARD:  # nobody scans tomorrow's patients
            return problem("evidence")
        return found if isinstance(found, Problem) else found._replace(purpose=APPOINTMENTS)

    async def _seal(self, caller: Caller, content: bytes) -> bytes:
        (result,) = await self._keeper.call("deposit", [DepositItem(caller.grant, content, APPOINTMENTS)])
        if result.refusal:
            raise Unavailable(result.refusal)
        sealed: bytes = result.sealed
        return sealed

    async def _macs(self, caller: Caller, key: str, body: bytes) -> tuple[bytes, bytes]:
        contents = (b"batch-key:" + key.encode(), b"batch:" + hashlib.sha256(body).digest())
        results = await self._keeper.call(
            "mac", [MacItem("idempotency", caller.scope, content, caller.grant) for content in contents]
        )
        if any(result.refusal for result in results):
            raise Unavailable("keeper")
        return results[0].mac, results[1].mac

    async def _answers(self, caller: Caller, batch: UUID, rows: list[tuple[int, str, bytes | None]]) -> list[bytes]:
        told: list[bytes] = []
        for part in _parts(rows, OPENED):
            sealed = [(number, content) for number, _, content in part if content is not None]
            opened = await self._open(caller, batch, sealed)
            told += [self._one(number, refusal, opened.get(number)) for number, refusal, _ in part]
        return told

    def _one(self, number: int, refusal: str, content: bytes | None) -> bytes:
        if content is None:
            return _encode({"item": number, "refusal": refusal})
        instant, domains, answer = unpack_answer(content)
        question = _NOTHING._replace(instant=instant, domains=domains)
        return b'{"item":%d,"answer":%b}' % (number, eligibility.write(self._told, question, answer))

    async def _open(self, caller: Caller, batch: UUID, sealed: list[tuple[int, bytes]]) -> dict[int, bytes]:
        if not sealed:
            return {}
        numbers, contents = zip(*sealed, strict=True)
        item = OpenAnswersItem(caller.grant, batch.bytes, numbers, contents)
        (result,) = await self._keeper.call("open_answers", [item])
        if result.refusal:
            raise Unavailable(result.refusal)
        return dict(zip(numbers, result.contents, strict=True))


def _shaped(body: bytes) -> _Request | Refusal:
    """The items, their questions still bytes: one that is wrong in shape is refused alone."""
    if len(body) > BODY_MOST:
        return Refusal("body-too-large")
    try:
        asked = _decode(body)
    except msgspec.ValidationError as error:
        return Refusal("invalid-fields", (FieldError(eligibility.path_of(error), "wrong-shape"),))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Refusal("malformed-body")
    items = asked.items
    outer = body.count(b":") - sum(bytes(one.question).count(b":") for one in items)
    if outer != 1 + 2 * len(items) and repeats_a_name(body):
        return Refusal("repeated-field")
    if not 0 < len(items) <= MOST_ITEMS:
        return Refusal("invalid-fields", (FieldError("items", "too-many-items" if items else "no-items"),))
    if len({one.item for one in items}) < len(items):
        return Refusal("invalid-fields", (FieldError("items", "item-twice"),))
    return asked


def _comparable(asked: _Request, body: bytes) -> bytes:
    """The bytes by which a repetition under one key is known; with a mark without the seals, which are made anew."""
    return _SEALS.sub(rb"\1", body) if asked.sealed_mark else body


def _delay(options: Options) -> int:
    """Microseconds until the release, drawn when the batch comes: nothing in it can move it."""
    least, spread = options.release_after_seconds, options.release_spread_seconds
    if options.demo_release_seconds:
        least = spread = options.demo_release_seconds
    return int(least * MICROSECONDS) + secrets.randbelow(max(1, int(spread * MICROSECONDS)))


def _standing(row: BatchRow, instant: int, options: Options) -> str:
    if row.state == "expired" or (
        row.state == "answered" and instant >= row.ready + int(options.kept_hours * 3600 * MICROSECONDS)
    ):
        return "expired"
    return "ready" if row.state == "answered" and instant >= row.ready else "waiting"


def _parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


_NOTHING = Question(0, NOBODY, "", "", "", None, "", "", 0, date.min, (), "", "", 0, 0, 0)
"""Of whose question an answer is written, only instant and domains are looked at."""
