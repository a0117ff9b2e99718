"""GET /v1/desk/support/…: what an operator's support sees of what a site reads out on the telephone.

States, codes and sentences, when and by which channel. No identity, no amount, no act: of a line its domain at most.
"""

from __future__ import annotations

import msgspec

from rempart.wire.invoices import EventState


class SupportQuestion(msgspec.Struct, frozen=True):
    """One question: who came by what, which purpose, and the code that was answered, the same as the site was told.

    `channel`: portal (a person) or api (a program). `evidence`: how the card was read.
    """

    question: str
    instant: str
    site: str
    profession: str
    channel: str
    insurer: str
    purpose: str
    evidence: str
    outcome: str


class SupportLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One decided line: the rules that applied, in order, and why it pays nothing; no amount."""

    number: int
    domain: str
    rules: tuple[str, ...] = ()
    reason: str = ""


class SupportInvoice(msgspec.Struct, frozen=True, omit_defaults=True):
    """One invoice: state, reason with its sentence in French, events, lines. `channel`: api or file.

    `waiting`: of an accepted one, why what this insurer owes the site is not paid yet, with its sentence.
    """

    invoice: str
    number: str
    site: str
    profession: str
    insurer: str
    channel: str
    state: str
    reason: str = ""
    sentence: str = ""
    lines: tuple[SupportLine, ...] = ()
    events: tuple[EventState, ...] = ()
    corrects: str = ""
    corrected_by: str = ""
    waiting: str = ""
    waiting_sentence: str = ""


class SupportInvoices(msgspec.Struct, frozen=True):
    """Those that bore one number of one site, the newest first, at most ten."""

    invoices: tuple[SupportInvoice, ...]


class SupportAuthorization(msgspec.Struct, frozen=True, omit_defaults=True):
    """One authorization. Days as AAAA-MM-JJ, empty while nothing is agreed; `domain` is its care's."""

    reference: str
    site: str
    profession: str
    insurer: str
    domain: str
    state: str
    requested: str
    reason: str = ""
    sentence: str = ""
    valid_from: str = ""
    valid_until: str = ""
    delivery_until: str = ""
    lines: tuple[SupportLine, ...] = ()
    events: tuple[EventState, ...] = ()
    invoice: str = ""
