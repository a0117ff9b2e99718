"""A manager's word on a rights file in quarantine: the keeper verifies what was signed, the database keeps it."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from rempart.application.own_bank import Proof
from rempart.application.tokens import Refusal, TokenFacts


class File(NamedTuple):
    """Which rights file is released: the hub's number of it, and the digest of the line that the insurer signed."""

    number: int
    digest: bytes


class ReleaseKeeper(Protocol):
    """The keeper; raises `Unavailable`."""

    async def release(self, held: TokenFacts, file: File, proof: Proof, instant: int) -> bytes | Refusal:
        """The approval of a signed yes to that file."""
        ...
