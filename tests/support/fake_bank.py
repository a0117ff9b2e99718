"""A site's bank details at the fake doors: one account that is paid, one change that may wait."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from rempart.client.calls import Call
from rempart.client.doors import SignedIn
from rempart.wire.bank_details import BankApproval, BankChanged, BankChangeState, BankDetailsState, BankProposal
from support.fake_doors import no

CHANGE = "0f8b1c1e-5d0a-4e0e-9a57-3f1d2c4b5a69"
OTHER = "a2b4c6d8e0f1g3h5"


@dataclass
class FakeBank:
    """Answers of `/v1/bank-details…`; `told` is what was asked for, in order."""

    state: BankDetailsState = field(default_factory=lambda: BankDetailsState("0189", "2026-01-15", proposes=True))
    refusal: str = ""
    told: list[tuple[str, object]] = field(default_factory=list)

    def __call__(self, session: SignedIn, call: Call[Any]) -> object | None:
        """A desk of `FakeDoors`."""
        if not call.path.startswith("/v1/bank-details"):
            return None
        if call.path == "/v1/bank-details":
            return self.state
        if self.refusal:
            return no(self.refusal)
        kind = call.path.rpartition("/")[2]
        if kind == "changes":
            asked = msgspec.json.decode(call.body, type=BankProposal)
            self.told.append(("propose", asked))
            self.waits(asked.iban[-4:], session.account, change=asked.change)
            return BankChanged(asked.change, "proposed", asked.iban[-4:])
        self.told.append((kind, msgspec.json.decode(call.body, type=BankApproval) if call.body else call.path))
        if kind == "cancel":
            self.state = msgspec.structs.replace(self.state, waiting=None)
            return b""
        self.approved()
        return BankChanged(CHANGE, "approved", "7765", "2026-11-21T09:26:00Z")

    def waits(self, ending: str, by: str, *, second: str = "manager", change: str = CHANGE) -> None:
        """A change that a person proposed."""
        waiting = BankChangeState(change, "proposed", ending, by, "2026-11-18T09:20:00Z", second)
        self.state = msgspec.structs.replace(self.state, waiting=waiting)

    def approved(self) -> None:
        """The same, confirmed."""
        assert self.state.waiting is not None
        later = {"state": "approved", "approved_by": OTHER, "payable_from": "2026-11-21T09:26:00Z"}
        self.state = msgspec.structs.replace(self.state, waiting=msgspec.structs.replace(self.state.waiting, **later))
