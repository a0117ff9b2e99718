"""`rempart-sealed/1`: what the hub hands to one insurer, row by row, with a part that only the insurer can open.

NDJSON. First a header, then rows; the wrapped key of a batch stands in a line of its own before its first row.
This module knows the lines only; opening is `sealing.envelope`. Described in docs/formats/sealed-list.md.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

MAX_ROW = 4 * 1024 * 1024  # bytes of one line: a settlement line may carry the acts of a long stay

Purpose = Literal["references", "settlement", "members"]


class ListHeader(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who the list is for. `created` is `AAAA-MM-JJTHH:MM:SSZ`."""

    format: Literal["rempart-sealed/1"]
    insurer: Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{10}\Z")]
    purpose: Purpose
    created: str


class BatchKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="batch"):
    """The wrapped key of one batch; `wrapped` is base64 in the file."""

    batch: str
    wrapped: bytes


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="row"):
    """One row: `sealed` and `bound` are base64 in the file, `clear` is what needed no seal (numbers, dates)."""

    batch: str
    sealed: bytes
    bound: bytes = b""
    clear: dict[str, str | int | bool | None] = {}


class ListFault(msgspec.Struct, frozen=True):
    """Why a line of a list cannot be read: list-header or list-row. It never holds a value."""

    code: str


_header = msgspec.json.Decoder(ListHeader)
_row = msgspec.json.Decoder(BatchKey | Row)


def read_list_header(line: bytes) -> ListHeader | ListFault:
    """The first line of a list."""
    try:
        return _header.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ListFault("list-header")


def read_row(line: bytes) -> BatchKey | Row | ListFault:
    """Any further line of a list."""
    if len(line) > MAX_ROW:
        return ListFault("list-row")
    try:
        item: BatchKey | Row = _row.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ListFault("list-row")
    return item


def write_row(item: ListHeader | BatchKey | Row) -> bytes:
    """One line of a list, with its line end."""
    return msgspec.json.encode(item) + b"\n"
