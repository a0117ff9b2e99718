"""What a caller is told of a compartment that is not open: the public sentence, since when, and when to ask again.

The words come from the hub's memory. In the second in which only `settle` knows yet, the code comes without them.
"""

from __future__ import annotations

import msgspec

from rempart.api.problems import problem
from rempart.api.state import HubState
from rempart.application.guard import Caller, Snapshot, Wish, closure
from rempart.domain.compartments import REFUSAL, REFUSAL_RESTRICTED, Closure, sentence
from rempart.ground.instants import MICROSECONDS, iso
from rempart.wire.problem import ClosureTold, Problem

_MARK = b'"retry_after":'
_decode = msgspec.json.Decoder(Problem).decode


def refusal(state: HubState, code: str, caller: Caller, wish: Wish) -> Problem:
    """The document of a code that `admit` gave for this wish."""
    return document(state.facts.snapshot, code, caller, wish)


def document(snapshot: Snapshot, code: str, caller: Caller, wish: Wish) -> Problem:
    """The same, by a snapshot."""
    made = problem(code)
    found = closure(snapshot, caller, wish) if code in {REFUSAL, REFUSAL_RESTRICTED} else None
    if found is None:
        return made
    shown = told(found, wish.instant)
    return msgspec.structs.replace(made, detail=f"{shown.english} {made.detail}", closure=shown)


def told(found: Closure, instant: int) -> ClosureTold:
    """A closure as it is told at `instant`, microseconds UTC. An expected end that has passed is nobody's promise."""
    said = sentence(found)
    ahead = found.reopens - instant if found.reopens is not None else 0
    return ClosureTold(
        found.compartment, found.state, iso(found.since), said.french, said.english,
        iso(found.reopens) if found.reopens is not None and ahead > 0 else "",
        -(-ahead // MICROSECONDS) if ahead > 0 else 0,
    )  # fmt: skip


def retry_after(status: int, body: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """The header that goes with a refusal's bytes, RFC 9110 § 10.2.3; () where nothing is known."""
    if status != 503 or _MARK not in body:
        return ()
    return header(_decode(body))


def header(document: Problem) -> tuple[tuple[bytes, bytes], ...]:
    """The same of the document."""
    told = document.closure or document.turn
    return ((b"retry-after", str(told.retry_after).encode()),) if told is not None and told.retry_after else ()
