"""What is only known of a question once the keeper opened the identity that was sealed to it: its cost, and ages."""

from __future__ import annotations

from dataclasses import dataclass

from rempart.application.ports import Derived, Opened


@dataclass(frozen=True, slots=True)
class Unsealed:
    """What the keeper opened for an identity that was sealed to it; `cost` and `born` are known only now."""

    refusal: str
    coverage: bytes
    tag: bytes
    meeting: bytes
    accreditor: bytes
    counted: bytes
    cost: int
    born: str


def unsealed(seen: Opened, derived: Derived) -> Unsealed:
    """The same with what the keeper told of the identity itself."""
    return Unsealed(
        seen.refusal, seen.coverage, seen.tag, seen.meeting, seen.accreditor, getattr(seen, "counted", b""),
        1 + derived.omitted, derived.born,
    )  # fmt: skip


def cost_of(seen: Opened, clear: int) -> int:
    """What a question costs: one, and one for each of NIR and rank that was omitted; `clear` when told in clear.

    A paper card costs one, whatever it prints; one that a phone shows alive nothing.
    """
    return seen.cost if isinstance(seen, Unsealed) else clear


def born_of(seen: Opened, clear: str) -> str:
    """The birth date, AAMMJJ, as far as ages need it; `clear` when told in clear."""
    return seen.born if isinstance(seen, Unsealed) else clear
