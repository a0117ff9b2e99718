"""What the patient would pay: one act or item typed beside the question, asked when the answer is "covered".

An estimate passes the door of a question; the patient is known by then and counts as no stranger. It holds nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from rempart.client import calls
from rempart.client.doors import SignedIn
from rempart.client.exchange import NoAnswerError
from rempart.portal import quote
from rempart.portal.port import Portal
from rempart.portal.quote import FAULTS
from rempart.portal.quote_kinds import LENSES, Kind, estimated_kind
from rempart.wire.authorizations import QuoteLine
from rempart.wire.eligibility import CardRequest, EligibilityRequest
from rempart.wire.estimates import CardEstimateRequest, EstimateAnswer, EstimateLine, EstimateRequest
from rempart.wire.problem import Problem

NUMBER: Final = 1
"""The one row that is offered."""
NUMBERED: Final = {f"{name}_{NUMBER}": sentence for name, sentence in FAULTS.items()}
"""By the name of its field: the sentences of that row's faults."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was typed: a line, nothing, or the fields that cannot be right."""

    line: QuoteLine | None = None
    wrong: tuple[str, ...] = ()
    typed: Mapping[str, str] = field(default_factory=dict)  # its fields, as another form takes them


def read(form: Mapping[str, str], profession: str) -> Wanted:
    """The line whose price is asked. An empty one asks for nothing."""
    kind = estimated_kind(profession)
    if kind is None:
        return Wanted()
    quoted = quote.read(form, kind, NUMBER)
    if not quoted.rows:
        return Wanted()
    typed = {f"{name}_{NUMBER}": text for name, text in quoted.rows[0].typed.items()}
    return Wanted(quoted.rows[0].line, quoted.wrong, {**typed, "cover": form.get("cover", "")})


def fields(profession: str) -> dict[str, Any]:
    """What the form needs to offer that line; `kind` None when there is none."""
    kind = estimated_kind(profession)
    row = _empty(kind) if kind is not None else {}
    return {"kind": kind, "row": row, "covers": kind.covers if kind else {}, "lenses": LENSES, "faults": FAULTS}


async def ask(
    portal: Portal, live: SignedIn, question: EligibilityRequest | CardRequest, *, line: QuoteLine, accreditation: str
) -> EstimateAnswer | None:  # fmt: skip
    """The estimate of one line for who was just asked about, by the same card; None when the hub gives none now."""
    carried = {name: getattr(line, name) for name in line.__struct_fields__}
    lines = (EstimateLine(**carried, care_date=question.care_date),)
    own = question.site_reference
    asked: EstimateRequest | CardEstimateRequest
    if isinstance(question, CardRequest):
        asked = CardEstimateRequest(question.card, lines, accreditation=accreditation, site_reference=own)
    else:
        asked = EstimateRequest(
            question.amc_number, question.member, question.birth_date, "typed", lines, accreditation=accreditation,
            convention=question.convention, csr=question.csr, nir=question.nir, rank=question.rank, site_reference=own,
        )  # fmt: skip
    try:
        found = await portal.hub.perform(live, calls.estimate(asked))
    except NoAnswerError:
        return None
    return None if isinstance(found, Problem) or found.answer != "estimated" else found


def _empty(kind: Kind) -> dict[str, str]:
    usual = {"item": kind.first[0], "basket": kind.usual, "lens": "single"}
    return {**dict.fromkeys(kind.fields, ""), **usual}
