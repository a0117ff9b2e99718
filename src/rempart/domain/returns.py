"""What a site is told of its invoices and its money, whatever language it is told in (NOEMIE here).

Amounts are integer cents of euro, civil dates. Nothing here holds an act. An identity is held only where a site's own
software has filled it in: what a hub writes has none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

State = Literal["paid", "rejected", "deferred", "untouched"]
STATES: Final[tuple[State, ...]] = ("paid", "rejected", "deferred", "untouched")
MOVES: Final = frozenset({"PAI", "RPR"})
"""Operations on a debt that change the transfer they are told in: a payment, and a deduction."""


@dataclass(frozen=True, slots=True)
class Share:
    """One part of an invoice, compulsory or complementary: asked (0: not known here), what became of it, paid."""

    state: State = "untouched"
    paid: int = 0
    requested: int = 0


@dataclass(frozen=True, slots=True)
class Identity:
    """The insured and the beneficiary as a return can name them; empty but in what a site filled for itself."""

    insured_nir: str = ""
    insured_key: str = ""
    birth_name: str = ""
    used_name: str = ""
    first_name: str = ""
    nir: str = ""
    key: str = ""
    birth: str = ""
    rank: str = ""
    last_name: str = ""
    given_name: str = ""
    unit: str = ""

    def __repr__(self) -> str:  # an identity must never reach a log through a repr
        return "Identity(…)"


@dataclass(frozen=True, slots=True)
class Reject:
    """Why an invoice (`invoice`) or a line of it (`line`) is not paid. `code` has four characters, `info` thirty."""

    code: str
    label: str
    level: Literal["invoice", "line", "refined"] = "invoice"
    part: Literal["amc", "amo"] = "amc"
    line: int | None = None
    care: date | None = None
    info: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceReturn:
    """One invoice: its number at the site, the insurer, what became of its shares, why, and comments.

    `kind` is how it came (A: to the insurer alone); lot, lot day and issue day are the site's own, None when not told.
    `amo` is None when nothing is said of the compulsory share.
    """

    number: str
    insurer: str
    amc: Share
    amo: Share | None = None
    rejects: tuple[Reject, ...] = ()
    comments: tuple[str, ...] = ()
    kind: str = "A"
    lot: int | None = None
    lot_day: date | None = None
    issued: date | None = None
    identity: Identity = Identity()
    member: str = ""

    def __repr__(self) -> str:
        return f"InvoiceReturn({self.number}, {self.amc.state}, {self.amc.paid})"


@dataclass(frozen=True, slots=True)
class DebtMove:
    """One movement of a debt of the site; `amount` signed as in the transfer (a deduction is negative).

    `nature` and `operation` are three letters (IND undue, RPR deduction, CIN first finding); `balance` what is left.
    """

    reference: str
    day: date
    nature: str
    operation: str
    amount: int
    balance: int
    line: int = 0


@dataclass(frozen=True, slots=True)
class Signal:
    """Something told of a file or a group as a whole: a code of ten characters and a label of eighty."""

    code: str
    label: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """What follows is about one payee and day; of a transfer when `label` (what the bank statement shows) is given.

    `kind` 01: invoices sent as files or through an API; 04: recalls; 05: deductions.
    """

    payee: str
    day: date
    label: str = ""
    label_more: str = ""
    payer: str = ""
    kind: str = "01"


Item = Group | InvoiceReturn | DebtMove | Signal


def moved(item: Item) -> int:
    """What an item adds to the transfer of its group, in cents."""
    if isinstance(item, InvoiceReturn):
        return item.amc.paid
    return item.amount if isinstance(item, DebtMove) and item.operation in MOVES else 0


def total(items: Iterable[Item]) -> int:
    """What all of them make the transfers of their groups: in cents."""
    return sum(map(moved, items))
