"""Signatures for files of many invoices at the fake doors: kept, listed, asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from rempart.client.calls import Call
from rempart.client.doors import SignedIn
from rempart.wire.exports import ExportAsked, ExportList, ExportSigned, ExportSigning
from support.fake_doors import no

ASKED, UNTIL, SECOND_UNTIL = "2026-11-18T11:00:00Z", "2099-12-31T11:15:00Z", "2099-12-31T23:00:00Z"


@dataclass
class FakeExports:
    """`signed_above` and `second_above` are lowered by tests; `told` is what was signed, in order."""

    signed_above: int = 5_000
    second_above: int = 5_000
    asked: list[ExportAsked] = field(default_factory=list)
    told: list[ExportSigning] = field(default_factory=list)
    refusal: str = ""

    def __call__(self, session: SignedIn, call: Call[Any]) -> object:
        """The answer of either route."""
        if call.method == "GET":
            seen = (one for one in self.asked if one.taker == session.account or one.invoices > self.second_above)
            return ExportList(self.signed_above, self.second_above, tuple(seen))
        if self.refusal:
            return no(self.refusal)
        wish = msgspec.json.decode(call.body, type=ExportSigning)
        self.told.append(wish)
        before = self._of(wish.document, wish.taker)
        if wish.taker == session.account:
            kept = before.second_until if before else ""
            one = ExportAsked(
                len(self.told), wish.what, wish.document, wish.invoices, wish.taker, ASKED, UNTIL, kept
            )  # fmt: skip
        elif before is None:
            return no("not-found")
        else:
            one = msgspec.structs.replace(before, second_until=SECOND_UNTIL)
        self.asked = [one, *(each for each in self.asked if each is not before)]
        return ExportSigned(one.until)

    def missing(self, session: SignedIn, document: str, invoices: int) -> str:
        """Why the file does not leave."""
        found = self._of(document, session.account)
        if invoices <= self.signed_above:
            return ""
        if found is None or not found.until:
            return "export-needs-signature"
        return "" if invoices <= self.second_above or found.second_until else "export-needs-second"

    def _of(self, document: str, taker: str) -> ExportAsked | None:
        return next((one for one in self.asked if (one.document, one.taker) == (document, taker)), None)
