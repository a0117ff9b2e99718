"""`/v1/desk/insurer/rejections…`: an insurer's rejected invoices by reason. Amounts in cents; no act, no person."""

from __future__ import annotations

import msgspec


class DeskRejection(msgspec.Struct, frozen=True):
    """So many invoices of sites of one profession were rejected for one reason; `amc` was asked of the insurer."""

    reason: str
    profession: str
    invoices: int
    spent: int
    amc: int


class DeskRejectionWeek(msgspec.Struct, frozen=True):
    """The week that begins on that Monday, in Paris."""

    week: str
    invoices: int
    amc: int


class DeskRejections(msgspec.Struct, frozen=True):
    """Of the last twelve weeks, the greatest first; `weeks` in their order, those without any left out."""

    since: str
    rows: tuple[DeskRejection, ...]
    weeks: tuple[DeskRejectionWeek, ...]


class DeskRejectedInvoice(msgspec.Struct, frozen=True):
    """One rejected invoice as its site numbers it."""

    invoice: str
    number: str
    site: str
    care_date: str
    decided: str
    spent: int
    amc: int
    state: str


class DeskRejectedInvoices(msgspec.Struct, frozen=True):
    """The newest first, fifty at a time; `next` asks for older ones, "" at the end."""

    reason: str
    sentence: str
    invoices: tuple[DeskRejectedInvoice, ...]
    next: str
