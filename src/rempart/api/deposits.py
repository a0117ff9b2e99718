"""Taking invoices in: sealed by the keeper chunk by chunk, never at rest in clear, acknowledged once durable."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar
from uuid import UUID

import msgspec

from rempart.api import closures
from rempart.api.sealed_invoices import checked
from rempart.api.state import HubState
from rempart.application.guard import INVOICE, Caller, Wish, admit
from rempart.application.together import Unavailable
from rempart.formats import invoice_json
from rempart.sealing.frames import DepositItem, MacItem
from rempart.storage.door import Databases
from rempart.storage.facts import Facts
from rempart.storage.inbound import Earlier, Inbound, Intake
from rempart.wire.invoices import Fault, FileReceipt, InvoiceReceipt, InvoicesReceipt
from rempart.wire.problem import FieldError, Problem
from rempart.wire.sealed import NAME as SEALED
from rempart.wire.sealed import SealedInvoicesRequest, comparable

T = TypeVar("T")
CHUNK = 1024 * 1024  # bytes of content in one sealed chunk


class Keeper(Protocol):
    """The ask socket."""

    async def call(self, operation: str, items: list[Any]) -> list[Any]: ...


@dataclass(frozen=True, slots=True)
class Refusal:
    """Nothing was taken; the code says why, and for the shape of a body where."""

    code: str
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """What is answered, and whether it answers a repeat."""

    receipt: FileReceipt | InvoicesReceipt
    repeated: bool = False


class Deposits:
    """Invoices and files come in. `limit` is the longest file in bytes; `facts` as last read, to check sealed ones."""

    def __init__(
        self, keeper: Keeper, databases: Databases, limit: int, facts: Callable[[], Facts] | None = None
    ) -> None:
        self._keeper = keeper
        self._facts = facts
        self._databases = databases
        self._limit = limit

    async def invoices(self, caller: Caller, body: bytes, key: str, instant: int) -> Taken | Refusal:
        """POST /v1/invoices: sound ones are received, each other refused with its faults. `key`: Idempotency-Key."""
        found = invoice_json.read(body, caller.site)
        if not isinstance(found, tuple):
            return _unread(found.field, found.code)
        request = hashlib.sha256(comparable(body, SealedInvoicesRequest)).digest()
        key_mac, request_mac = await self._macs(caller, key.encode(), request)
        async with self._databases.lend() as database:
            intake = Intake(database)
            before = await intake.replayed(caller.client, key_mac)
            if before is not None:
                return _repeat(before, request_mac)
            if self._facts is not None and SEALED in body:
                sound = await checked(self._keeper.call, self._facts(), caller, found)
                if isinstance(sound, str):
                    return Refusal(sound)
                found = sound
            # The key's MAC, not the content's: a cancelled or rejected invoice is sent again just as it was, under a
            # new key, and is a new one. That nothing is paid twice is held by the invoice's number, not here.
            inbound = _inbound(caller, "api", instant, key_mac)
            receipt = InvoicesReceipt(str(UUID(bytes=inbound.inbound)), _receipts(found, inbound.inbound))
            await intake.begin(inbound)
            await intake.chunk(inbound.inbound, 0, await self._seal(caller, body))
            answer = (key_mac, request_mac, msgspec.json.encode(receipt))
            earlier = await intake.finish(inbound, len(body), answer)
            if isinstance(earlier, Earlier):
                before = await intake.replayed(caller.client, key_mac)
                if before is None:  # the first under this key is refused by another process just now
                    raise Unavailable("database")
                return _repeat(before, request_mac)
        return Taken(receipt)

    async def file(self, caller: Caller, blocks: AsyncIterator[bytes], instant: int) -> Taken | Refusal:
        """POST /v1/files: a B2 file as a stream; the same file again gives the first one's receipt."""
        inbound = _inbound(caller, "file", instant, b"")
        digest, size = hashlib.sha256(), 0
        await self._step(lambda intake: intake.begin(inbound))
        number = 0
        async for chunk in _chunks(blocks):
            size += len(chunk)
            if size > self._limit:
                await self._step(lambda intake: intake.refuse(inbound.inbound, "file-too-large"))
                return Refusal("file-too-large")
            digest.update(chunk)
            sealed, place = await self._seal(caller, chunk), number
            await self._step(lambda intake: intake.chunk(inbound.inbound, place, sealed))  # noqa: B023 - awaited at once
            number += 1
        (mac,) = await self._mac(caller, [digest.digest()])
        whole = _inbound(caller, "file", instant, mac, identity=inbound.inbound)
        earlier = await self._step(lambda intake: intake.finish(whole, size, None))
        if isinstance(earlier, Earlier):
            return Taken(FileReceipt(str(UUID(bytes=earlier.inbound)), "received"), repeated=True)
        return Taken(FileReceipt(str(UUID(bytes=inbound.inbound)), "received"))

    async def _step(self, work: Callable[[Intake], Awaitable[T]]) -> T:
        """One step on a connection lent for it alone: a slow sender holds none."""
        async with self._databases.lend() as database:
            return await work(Intake(database))

    async def _seal(self, caller: Caller, content: bytes) -> bytes:
        (result,) = await self._keeper.call("deposit", [DepositItem(caller.grant, content)])
        if result.refusal:
            raise Unavailable(result.refusal)
        sealed: bytes = result.sealed
        return sealed

    async def _macs(self, caller: Caller, key: bytes, request: bytes) -> tuple[bytes, bytes]:
        key_mac, request_mac = await self._mac(caller, [b"key:" + key, b"body:" + request])
        return key_mac, request_mac

    async def _mac(self, caller: Caller, contents: list[bytes]) -> list[bytes]:
        """Keyed fingerprints: nothing derived from what people send is stored without a key."""
        results = await self._keeper.call(
            "mac", [MacItem("idempotency", caller.scope, c, caller.grant) for c in contents]
        )
        if any(result.refusal for result in results):
            raise Unavailable("keeper")
        return [result.mac for result in results]


def admitted(state: HubState, caller: Caller, channel: str, instant: int) -> Problem | None:
    """The door's first look at a deposit: None, or the refusal."""
    wish = Wish(channel, INVOICE, "", "machine", instant)
    refusal = admit(state.facts.snapshot, caller, wish)
    return closures.refusal(state, refusal, caller, wish) if refusal else None


def new_inbound(instant: int) -> bytes:
    """A deposit's id: milliseconds, randomness, and four zero bytes where an invoice's id has its place."""
    head = (instant // 1000).to_bytes(6, "big") + os.urandom(6)
    return head[:6] + bytes((head[6] & 0x0F | 0x70, head[7], head[8] & 0x3F | 0x80)) + head[9:12] + bytes(4)


def _inbound(caller: Caller, channel: str, instant: int, fingerprint: bytes, *, identity: bytes = b"") -> Inbound:
    site = "" if caller.kind == "concentrator" else caller.site
    return Inbound(
        identity or new_inbound(instant), caller.client, site, channel, caller.grant_id, fingerprint, instant
    )


def _receipts(found: tuple[Any, ...], inbound: bytes) -> tuple[InvoiceReceipt, ...]:
    receipts = []
    for ordinal, one in enumerate(found, 1):
        if isinstance(one, invoice_json.Refused):
            faults = tuple(Fault(fault.code, fault.field) for fault in one.faults)
            receipts.append(InvoiceReceipt(one.number, "refused", faults=faults))
        else:
            identity = str(UUID(bytes=inbound[:12] + ordinal.to_bytes(4, "big")))
            receipts.append(InvoiceReceipt(one.invoice.number, "received", identity))
    return tuple(receipts)


def _unread(field: str, code: str) -> Refusal:
    if code in {"malformed-body", "repeated-field"}:
        return Refusal(code)
    return Refusal("invalid-fields", (FieldError(field, code),))


def _repeat(before: tuple[bytes, bytes], request_mac: bytes) -> Taken | Refusal:
    if before[0] != request_mac:
        return Refusal("idempotency-key-reused")
    return Taken(msgspec.json.decode(before[1], type=InvoicesReceipt), repeated=True)


async def _chunks(blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in chunks of `CHUNK`, the last one shorter."""
    held = bytearray()
    async for block in blocks:
        held += block
        while len(held) >= CHUNK:
            yield bytes(held[:CHUNK])
            del held[:CHUNK]
    if held:
        yield bytes(held)
