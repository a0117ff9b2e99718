"""`rempart client batch`: tomorrow's appointments from a file, answered when the hub releases them."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from rempart.cli._client_calls import (
    Clear,
    ClientId,
    Hub,
    Json,
    KeeperKey,
    KeyFile,
    SiteNumber,
    Told,
    _told,
    account_of,
    client_of,
    good,
    keeper_pin,
)
from rempart.cli._output import Exit, console, emit, fail, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rempart.wire.batches import BatchAnswer, BatchState, ItemRefusal

SHOWN = 20  # items told one by one
MEANS = {
    "covered": "rights are open on the day of care",
    "not-confirmed": "nobody found with open rights: look at the card again",
    "appointments-budget-spent": "more strangers than are announced for the day: ask at the counter",
    "nir-required": "typed data needs the NIR",
    "invalid-fields": "a field is not written as it must be",
    "unknown-amc-number": "no insurer has this number here",
    "handled-elsewhere": "this insurer's cards are asked of another operator",
}
"""What to do about an answer or a refusal; others speak for themselves, or are in `/schema`."""


def batch(
    file: Told,
    *,
    url: Hub,
    client: ClientId,
    site: SiteNumber,
    key: KeyFile,
    answers: Annotated[Path, typer.Option("--output", "-o", help="Where the answers are written, as JSON, mode 0600.")],
    idempotency_key: Annotated[
        str, typer.Option(help="Keep it and give it again to go on with the same batch; made anew when absent.")
    ] = "",
    keeper_key: KeeperKey = "",
    clear_identity: Clear = False,
    wait: Annotated[float, typer.Option(help="Seconds to wait for the release.", min=0.0)] = 5_400.0,
    as_json: Json = False,
) -> None:
    """Ask many questions, a file as POST /v1/eligibility/batches takes it. Exit 1 unless all are answered.

    The numbers of the items are your own; nothing of a card is shown. Interrupted, it goes on under the key it named.
    """
    from rempart.client.hub import new_key
    from rempart.wire.batches import BatchRequest

    if answers.exists():
        fail(f"{answers} exists already: name another file", Exit.USAGE, code="output-exists")
    asked, kept = _told(file, BatchRequest), idempotency_key or new_key()
    pin = keeper_pin(keeper_key, clear=clear_identity)
    with client_of(account_of(url, client, site, key=key, keeper=pin)) as hub:
        receipt = good(lambda: hub.eligibility_batch(asked.items, kept))
        again = f"--idempotency-key {kept}"
        shown = console(error=True)
        shown.print(
            f"{receipt.items} received, {len(receipt.refused)} of them refused at once. The others are answered"
        )
        shown.print(f"after {_hour(receipt.ready_from)}. To go on later, the same command with {again}", soft_wrap=True)
        with shown.status("Waiting for the release"):
            found = good(lambda: hub.batch_answers(receipt, wait))
    if found.state != "ready":
        fail(_nothing(found, again), Exit.NO, code=f"batch-{found.state}")
    _write(answers, found)
    told = {"batch": found.batch, "idempotency_key": kept, "state": found.state, "ready_from": found.ready_from,
            "answers": dict(Counter(map(_said, found.answers)))}  # fmt: skip
    emit(told, as_json=as_json, show=lambda: _tables(answers, found, receipt.refused))
    if any(one.answer is None for one in found.answers):
        raise typer.Exit(Exit.NO)


def _said(one: BatchAnswer) -> str:
    return one.answer.answer if one.answer is not None else one.refusal


def _hour(instant: str) -> str:
    """As the clock on the wall says it."""
    return datetime.fromisoformat(instant).astimezone().strftime("%H:%M:%S")


def _nothing(found: BatchState, again: str) -> str:
    if found.state == "waiting":
        return f"not released before {_hour(found.ready_from)}: then the same command with {again}"
    return "the answers were destroyed, a day after their release: ask again under a new key"


def _write(path: Path, found: BatchState) -> None:
    """The answers without the blanks that make all of one length on the way."""
    from rempart.ground.files import write_whole

    replace = msgspec.structs.replace
    bare = [
        replace(one, answer=replace(one.answer, padding="")) if one.answer is not None else one for one in found.answers
    ]
    write_whole(path, msgspec.json.format(msgspec.json.encode(replace(found, answers=tuple(bare))), indent=1))


def _tables(path: Path, found: BatchState, refused: Sequence[ItemRefusal]) -> Any:
    """How many of each, and the first of those somebody must look at, with the fields at fault."""
    from rich.console import Group

    counts = Counter(map(_said, found.answers)).most_common()
    rows = [(said, f"{count:,}", MEANS.get(said, "")) for said, count in counts]
    parts: list[Any] = [table(f"{found.items:,} appointments", ("answer", "how many", "what it means"), rows)]
    faults = {one.item: ", ".join(f"{each.field}: {each.code}" for each in one.errors) for one in refused}
    open_ones = [(str(one.item), _said(one), faults.get(one.item, "")) for one in found.answers]
    open_ones = [row for row in open_ones if row[1] != "covered"]
    if open_ones:
        parts.append(table("To be looked at", ("item", "answer", "at fault"), open_ones[:SHOWN]))
    if len(open_ones) > SHOWN:
        parts.append(f"and {len(open_ones) - SHOWN:,} more.")
    parts.append(f"All of them, with their accreditations, are in {path}: delete it when it is used.")
    return Group(*parts)
