"""What a site's money and deposits become when told as returns: pure, from what the site may read; no act, no identity.

Texts are cut to what a return can hold, in latin-1 and without the mark that ends an entity of NOEMIE.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import zip_longest

from rempart.application.remittances import Advice, DeductedPart, PaidInvoice, PenaltyPart, RejectedInvoice
from rempart.domain import invoice_states, reasons
from rempart.domain.returns import DebtMove, Group, InvoiceReturn, Item, Reject, Share, Signal, State

AMOUNT_MOST = 99_999_999  # cents: amounts have eight digits
LABEL_MOST, COMMENT_MOST, SIGNAL_MOST, TRANSFER_MOST, PAYER_MOST, INFO_MOST = 86, 128, 80, 32, 10, 30

TAKEN, REFUSED, PENDING, LOT = "RECU", "REFUSE", "EN-COURS", "LOT-REFUSE"
"""What is signalled of a deposit as a whole, or of one of its lots."""
NOT_PAID, DEDUCTED, LATE = "NON-PAYE", "RETENUE", "RETARD"
"""What is signalled of a transfer that did not go through, of an invoice that is taken back, of a penalty paid."""
ENDED_UNPAID = frozenset({"released", "returned"})
"""States of a remittance whose money did not stay: its invoices are due again."""

STATE_OF: dict[str, State] = {
    invoice_states.ACCEPTED: "deferred",  # owed, and paid by a later remittance
    invoice_states.HELD: "deferred",
    invoice_states.WAITING: "deferred",
    invoice_states.PAID: "paid",
    invoice_states.REJECTED: "rejected",
    invoice_states.CANCELLED: "rejected",
}
"""How each state of an invoice is told; in a state that is not here nothing was decided yet."""


@dataclass(frozen=True, slots=True)
class DepositedInvoice:
    """One invoice of a deposit: the site's number, insurer (empty when unknown), state, reason, cents, care day."""

    number: str
    insurer: str
    state: str
    reason: str
    amc: int
    amo: int
    care: date


@dataclass(frozen=True, slots=True)
class DepositFault:
    """One thing wrong in a deposit: level file, lot or invoice, stable code, record and position from 1 (0: none)."""

    level: str
    code: str
    number: str = ""
    record: int = 0
    position: int = 0


@dataclass(frozen=True, slots=True)
class Deposit:
    """One deposit as its own site may read it. `state` is that of the deposit, `day` when it was received."""

    site: str
    state: str
    day: date
    invoices: Sequence[DepositedInvoice]
    faults: Sequence[DepositFault]


def of_advice(advice: Advice) -> Iterator[Item]:
    """A remittance: its transfer, each invoice paid by it, what was rejected since the one before, what is deducted.

    What it moves is the transfer's amount to the cent; of one that did not go through, nothing.
    """
    summary = advice.summary
    yield Group(
        advice.site, summary.day, fitted(summary.reference, TRANSFER_MOST), fitted(summary.payer, TRANSFER_MOST),
        plain(summary.operator, PAYER_MOST),
    )  # fmt: skip
    unpaid = summary.state in ENDED_UNPAID
    if unpaid:
        reason = reasons.from_foreign("iso20022", summary.reason) or reasons.BY_CODE["bank-refused"]
        yield Signal(NOT_PAID, fitted(reason.french, SIGNAL_MOST))
    for part in advice.parts:
        for paid in part.invoices:
            yield _paid(paid, part.insurer, unpaid=unpaid)
    for one in advice.rejected:
        yield _rejected(one)
    for deducted in () if unpaid else advice.deductions:
        yield from _deducted(deducted, summary.day)
    for penalty in () if unpaid else advice.penalties:
        yield from _penalty(penalty, summary.day)


def divided(items: Iterable[Item]) -> Iterator[Item]:
    """Items whose amounts fit a return: what is beyond its zones is told in several of the same number, to the cent.

    The first of an invoice carries its reasons and comments. A debt's balance beyond the zone is not told.
    """
    for item in items:
        if isinstance(item, InvoiceReturn):
            yield from _shares(item)
        elif isinstance(item, DebtMove):
            sign = -1 if item.amount < 0 else 1
            for piece in _pieces(abs(item.amount)):
                yield replace(item, amount=sign * piece)
        else:
            yield item


def _shares(one: InvoiceReturn) -> Iterator[InvoiceReturn]:
    amo = one.amo or Share()
    if 0 <= one.amc.paid <= AMOUNT_MOST and 0 <= amo.requested <= AMOUNT_MOST:  # nearly all of them
        yield one
        return
    parts = zip_longest(_pieces(one.amc.paid), _pieces(amo.requested), fillvalue=0)
    for place, (paid, requested) in enumerate(parts):
        made = replace(
            one, amc=replace(one.amc, paid=paid), amo=one.amo and replace(amo, requested=requested)
        )  # fmt: skip
        yield made if place == 0 else replace(made, rejects=(), comments=())


def _pieces(amount: int) -> list[int]:
    """At least one, each at most what a zone holds."""
    whole, rest = divmod(amount, AMOUNT_MOST)
    return [AMOUNT_MOST] * whole + ([rest] if rest or not whole else [])


def of_deposit(deposit: Deposit, sentence: Callable[[str], str]) -> Iterator[Item]:
    """An acknowledgement: the deposit as a whole, what is wrong in it, then each invoice as it stands now.

    `sentence` gives the French sentence of a code of the deposit's format.
    """
    yield Group(deposit.site, deposit.day)
    yield Signal(*_whole(deposit, sentence))
    for fault in deposit.faults:
        if fault.level == "lot":
            yield Signal(LOT, fitted(f"{_place(fault)} {sentence(fault.code)}", SIGNAL_MOST))
        elif fault.level == "invoice" and fault.number:
            yield _malformed(fault, sentence(fault.code))
    for one in deposit.invoices:
        yield _deposited(one)


def _whole(deposit: Deposit, sentence: Callable[[str], str]) -> tuple[str, str]:
    wrong = next((fault for fault in deposit.faults if fault.level == "file"), None)
    if deposit.state == "refused" or wrong is not None:
        told = f"{_place(wrong)} {sentence(wrong.code)}" if wrong is not None else "Fichier refusé."
        return REFUSED, fitted(told, SIGNAL_MOST)
    if deposit.state != "decided":
        return PENDING, "Fichier reçu, en cours de traitement."
    return TAKEN, "Fichier reçu et traité."


def _deducted(part: DeductedPart, day: date) -> Iterator[Item]:
    """The invoice it is about and why, then the movement of the debt."""
    told = f"Facture {part.number} : {reasons.sentence(part.reason)}"
    yield Signal(DEDUCTED, fitted(told, SIGNAL_MOST))
    yield DebtMove(part.claw_back.hex[-10:].upper(), day, "IND", "RPR", -part.amount, part.left)


def _penalty(part: PenaltyPart, day: date) -> Iterator[Item]:
    """Of which half-year and insurer, then its payment: nothing of it is left."""
    told = f"Pénalité de retard {part.half}, organisme {part.insurer}"
    yield Signal(LATE, fitted(told, SIGNAL_MOST))
    yield DebtMove(part.penalty.hex[-10:].upper(), day, "PEN", "PAI", part.amount, 0)


def _paid(paid: PaidInvoice, insurer: str, *, unpaid: bool) -> InvoiceReturn:
    rejects = tuple(reject_of(note.reason, line=note.number, care=paid.care) for note in paid.notes)
    share = Share("deferred") if unpaid else Share("paid", paid.paid)
    return InvoiceReturn(paid.number, insurer, share, Share("untouched", 0, paid.amo), rejects, _steps(rejects))


def _rejected(one: RejectedInvoice) -> InvoiceReturn:
    rejects = (reject_of(one.reason, care=one.care),)
    return InvoiceReturn(one.number, one.insurer, Share("rejected"), rejects=rejects, comments=_steps(rejects))


def _deposited(one: DepositedInvoice) -> InvoiceReturn:
    state = STATE_OF.get(one.state, "untouched")
    rejects = (reject_of(one.reason, care=one.care),) if one.reason and state == "rejected" else ()
    waits = one.reason and state == "deferred"
    comments = (fitted(reasons.sentence(one.reason), COMMENT_MOST),) if waits else _steps(rejects)
    share = Share(state, one.amc if state == "paid" else 0)
    return InvoiceReturn(one.number, one.insurer, share, Share("untouched", 0, one.amo), rejects, comments)


def _malformed(fault: DepositFault, sentence: str) -> InvoiceReturn:
    """An invoice that could not be read: its format's code stands in the information of the rejection."""
    reason = reasons.BY_CODE["field-malformed"]
    reject = Reject(reason.short, fitted(sentence, LABEL_MOST), info=plain(fault.code, INFO_MOST))
    comments = (fitted(f"{_place(fault)} {reason.todo.french}", COMMENT_MOST),)
    return InvoiceReturn(fault.number, "", Share("rejected"), rejects=(reject,), comments=comments)


def reject_of(code: str, *, line: int | None = None, care: date | None = None) -> Reject:
    """The rejection of an invoice, or of one of its lines: our four characters, the sentence, our code in full."""
    reason = reasons.BY_CODE[code]
    first = reason.french.partition(". ")[0].rstrip(".") + "."
    level = "invoice" if line is None else "line"
    return Reject(reason.short, fitted(first, LABEL_MOST), level, "amc", line, care, plain(code, INFO_MOST))  # type: ignore[arg-type]  # one of the two literals


def _steps(rejects: Iterable[Reject]) -> tuple[str, ...]:
    """What to do next, each step once."""
    return tuple(dict.fromkeys(reasons.BY_SHORT[reject.code].todo.french for reject in rejects))


def _place(fault: DepositFault) -> str:
    return f"Enregistrement {fault.record}, position {fault.position} :" if fault.record else ""


def fitted(text: str, most: int) -> str:
    """At most `most` characters of latin-1, cut between words when it is too long."""
    spread = text.replace("œ", "oe").replace("Œ", "OE").replace("’", "'").replace("\u202f", " ").replace("@", " ")
    words = spread.encode("latin-1", "replace").decode("latin-1").split()
    found = " ".join(words)
    if len(found) <= most:
        return found
    cut = found[: most - 2]
    return (cut.rpartition(" ")[0] or cut) + " +"


def plain(text: str, most: int) -> str:
    """At most `most` printable ASCII characters; what is none becomes a blank."""
    return "".join(letter if " " <= letter <= "~" and letter != "@" else " " for letter in text)[:most].rstrip()
