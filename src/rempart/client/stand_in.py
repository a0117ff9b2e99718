"""Stand-in rules on a site's side: verify what was fetched, keep it, and say what is guaranteed while the hub is away.

    found = stand_in.verify(content, insurer_key, fetched=when_it_was_fetched)
    rule = found.guarantee(now, today, "pharmacy", "PHAR", evidence="card")

Instants are microseconds UTC, `today` the civil date at the site. The insurer's public key (32 bytes) comes with its
contract, never from the hub that serves the rules.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import date

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from rempart.wire.stand_in import CACHE_DAYS, MAX_BYTES, StandIn, StandInRule, read_rules, signed_bytes

DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Refused:
    """Why rules are not to be gone by: stand-in-shape, signature-differs, other-insurer or older-sequence."""

    code: str


@dataclass(frozen=True, slots=True)
class Verified:
    """Rules that their insurer signed, and when they were fetched."""

    rules: StandIn
    fetched: int

    def fresh(self, now: int) -> bool:
        """Whether they may still be gone by: fetched at most seven days ago, and not in the future."""
        return 0 <= now - self.fetched <= CACHE_DAYS * DAY

    def guarantee(self, now: int, care: date, profession: str, domain: str, *, evidence: str) -> StandInRule | None:
        """The rule that guarantees this care at this counter, the most generous first; None when nothing does."""
        if not self.fresh(now) or not self.rules.starts <= care <= self.rules.ends:
            return None
        fitting = [
            rule for rule in self.rules.rules
            if rule.evidence == evidence
            and (not rule.professions or profession in rule.professions)
            and (not rule.domains or domain in rule.domains)
        ]  # fmt: skip
        return max(fitting, key=lambda rule: rule.most, default=None)


def verify(
    content: bytes, key: bytes, *, fetched: int, insurer: str = "", kept: Verified | None = None
) -> Verified | Refused:
    """The rules that `key` (Ed25519, 32 bytes) signed; `insurer` whose they must be, `kept` what they would replace."""
    line, found, rest = content.partition(b"\n")
    if not found or len(content) > MAX_BYTES:
        return Refused("stand-in-shape")
    try:
        signature = base64.b64decode(rest.strip(), validate=True)
        Ed25519PublicKey.from_public_bytes(key).verify(signature, signed_bytes(line))
    except (InvalidSignature, binascii.Error, ValueError):
        return Refused("signature-differs")
    rules = read_rules(line)
    if rules is None:
        return Refused("stand-in-shape")
    if insurer and rules.insurer != insurer:
        return Refused("other-insurer")
    if kept is not None and rules.sequence < kept.rules.sequence:
        return Refused("older-sequence")
    return Verified(rules, fetched)


def sign(line: bytes, key: Ed25519PrivateKey) -> bytes:
    """The two lines that the insurer publishes; `line` is JSON on one line. ValueError: not of this format."""
    if read_rules(line) is None or b"\n" in line:
        raise ValueError("not stand-in rules")
    return line + b"\n" + base64.b64encode(key.sign(signed_bytes(line))) + b"\n"
