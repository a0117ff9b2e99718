"""What the conformance kit does with our own client on the sandbox: one of everything it judges."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date

from rempart.client.exchange import Account, Lost, Received, Send
from rempart.client.hub import Client, new_key
from rempart.client.recording import Exchange, heard
from rempart.client.sandbox import BY_NAME, CARDS, invoice, question, reference_of
from rempart.wire.eligibility import EligibilityAnswer
from rempart.wire.invoices import InvoiceRequest, InvoicesReceipt
from rempart.wire.problem import Problem

PATIENCE = 30.0  # seconds for a decision
UNDECIDED = frozenset({"received", "waiting"})


def walk(account: Account, today: date, progress: Callable[[str], None]) -> tuple[Exchange, ...]:
    """Asks every card; sends, sends again, has rejected, cancels; reads the money. Raises `NoAnswerError`."""
    exchanges: list[Exchange] = []

    def hear(sent: Send, got: Received | Lost) -> None:
        exchanges.append(heard(account.origin, time.time(), sent, got if isinstance(got, Received) else None))

    with Client(account, hear=hear) as hub:
        accreditation = _ask(hub, today, progress)
        _bill(hub, today, accreditation, progress=progress)
        progress("Reading the money")
        found = hub.remittances()
        if not isinstance(found, Problem) and found.remittances:
            hub.remittance(found.remittances[0].remittance)
    return tuple(exchanges)


def _ask(hub: Client, today: date, progress: Callable[[str], None]) -> str:
    """The accreditation of the first card."""
    accreditation = ""
    for card in CARDS:
        progress(f"Asking the card {card.name}")
        answer = hub.eligibility(question(card, today, reference_of(card)))
        if card is CARDS[0] and isinstance(answer, EligibilityAnswer):
            accreditation = answer.accreditation.replace(" ", "")
    return accreditation


def _bill(hub: Client, today: date, accreditation: str, *, progress: Callable[[str], None]) -> None:
    card, first = BY_NAME["covered"], int(time.time()) % 100_000_000 * 3
    numbers = [f"{(first + place) % 1_000_000_000:09d}" for place in range(3)]
    progress("Sending an invoice twice under one key")
    sound, key = invoice(card, numbers[0], today, accreditation=accreditation), new_key()
    hub.invoices((sound,), key)
    _decided(hub, sound, key)
    progress("Sending one whose shares contradict each other")
    _decided(hub, invoice(card, numbers[1], today, accreditation=accreditation, contradicts=True), new_key())
    progress("Cancelling one")
    other = invoice(BY_NAME["spaces"], numbers[2], today)
    hub.cancel_invoice(_decided(hub, other, new_key()) or numbers[2].zfill(32))


def _decided(hub: Client, sent: InvoiceRequest, key: str) -> str:
    """Sends, and reads until it is decided; the hub's id, "" when it was refused."""
    receipt = hub.invoices((sent,), key)
    identity = receipt.invoices[0].invoice if isinstance(receipt, InvoicesReceipt) else ""
    deadline = time.monotonic() + PATIENCE
    while identity and time.monotonic() < deadline:
        state = hub.invoice_state(identity)
        if isinstance(state, Problem) or state.state not in UNDECIDED:
            break
        time.sleep(0.2)
    return identity
