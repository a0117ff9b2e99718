"""An insurer to whom pages seal documents: its key, as a keeper signs it for everybody, and what it opens."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from rempart.sealing.attachments import bound_to, open_attachment
from rempart.sealing.identity_jwe import web
from rempart.sealing.keeper_keys import PublicKey, signed
from rempart.wire.authorizations import Attachment
from support.portals import SITE

INSURER = "0099000000"


@dataclass
class InsurerPapers:
    """`pin`: the keeper's key as a portal pins it."""

    key: X25519PrivateKey = field(default_factory=X25519PrivateKey.generate)
    keeper: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def pin(self) -> str:
        raw = b"\x01" + self.keeper.public_key().public_bytes_raw()
        mark = hashlib.sha256(b"horizon\n" + raw).hexdigest()[:8]
        return f"horizon+{mark}+{base64.b64encode(raw).decode()}"

    @property
    def x(self) -> str:
        return web(self.key.public_key().public_bytes_raw())

    def document(self, now: float, by: Ed25519PrivateKey | None = None) -> bytes:
        """The insurer's keys, signed by the keeper or by somebody else."""
        at = int(now)
        return signed(INSURER, [PublicKey(x=self.x, kid="k1", nbf=at - 60, exp=at + 3_600)], by or self.keeper, at)

    def opened(self, paper: Attachment, planned: str) -> bytes:
        """What the insurer reads."""
        found = open_attachment(paper.content, self.key, bound_to(INSURER, SITE, planned, paper.kind))
        assert isinstance(found, bytes), found
        return found
