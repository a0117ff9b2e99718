"""POST and GET /v1/eligibility/batches: tomorrow's appointments asked at once, answered later, item by item.

An item's question is that of POST /v1/eligibility, its answer the same answer. Nothing that was presented is repeated.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from rempart.wire.eligibility import EligibilityAnswer, EligibilityRequest
from rempart.wire.problem import FieldError

ItemNumber = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]


class BatchItem(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One question under the site's own number, once in a batch."""

    item: ItemNumber
    question: EligibilityRequest


class BatchRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """1 to 2,000 questions of the token's site.

    `sealed_mark` stands for all that is sealed when the same comes again under its key.
    """

    items: tuple[BatchItem, ...]
    sealed_mark: str = ""


class ItemRefusal(msgspec.Struct, frozen=True, omit_defaults=True):
    """An item that was refused at once, without reading a record; `errors` as in a problem document."""

    item: int
    code: str
    errors: tuple[FieldError, ...] = ()


class BatchReceipt(msgspec.Struct, frozen=True):
    """Received: durable, not answered yet. `ready_from` (ISO 8601, UTC) does not depend on what was asked."""

    batch: str
    items: int
    ready_from: str
    refused: tuple[ItemRefusal, ...] = ()


class BatchAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One item's answer, or the code of its refusal."""

    item: int
    refusal: str = ""
    answer: EligibilityAnswer | None = None


class BatchState(msgspec.Struct, frozen=True):
    """`state`: waiting, ready or expired; `answers` by item number once it is ready."""

    batch: str
    state: str
    items: int
    ready_from: str
    answers: tuple[BatchAnswer, ...] = ()
