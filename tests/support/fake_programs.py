"""Programs of a site at the fake doors: their mandates, a code, renewals and ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from rempart.client.calls import Call
from rempart.client.doors import SignedIn
from rempart.wire.mandates import MandateCode, MandateCodeRequest, MandateEnd, MandateRenewal
from rempart.wire.own_site import OwnMember, OwnSite
from support.fake_doors import no

CODE = "7K2M-9X4C-1V8B-3N5Q"
NEAR, FAR = "logiciel-ancien", "logiciel-neuf"


@dataclass
class FakePrograms:
    """Answers of `/v1/mandates…`; `told` is what was asked for, in order."""

    members: list[OwnMember] = field(
        default_factory=lambda: [
            OwnMember(FAR, "program", "", "2026-11-01", "2027-10-31"),
            OwnMember(NEAR, "program", "", "2025-12-20", "2026-12-19"),
            OwnMember("a2b4c6d8e0f1g3h5", "account", "staff", "2026-01-01", "2026-12-31"),
        ]
    )
    refusal: str = ""
    told: list[object] = field(default_factory=list)

    def __call__(self, session: SignedIn, call: Call[Any]) -> object | None:
        """A desk of `FakeDoors`."""
        if call.path == "/v1/own-site":
            return OwnSite(session.site, session.profession, (), tuple(self.members))
        kinds: dict[str, type[MandateCodeRequest | MandateRenewal | MandateEnd]] = {
            "/v1/mandate-codes": MandateCodeRequest, "/v1/mandates/renewals": MandateRenewal,
            "/v1/mandates/ends": MandateEnd,
        }  # fmt: skip
        if call.path not in kinds:
            return None
        if self.refusal:
            return no(self.refusal)
        asked = msgspec.json.decode(call.body, type=kinds[call.path])
        self.told.append(asked)
        if isinstance(asked, MandateCodeRequest):
            return MandateCode(CODE, "2026-11-25T09:26:00Z")
        self.members = [each for each in self.members if each.member != asked.client]
        return b""
