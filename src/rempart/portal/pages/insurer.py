"""The insurer's desk: what waits for its case workers, opened with the insurer's own key in the page, and decided."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from rempart.client import insurer_desk as desk
from rempart.portal.insurer_words import AGENT, REFUSALS, SENT_BACK, WHY_YOU
from rempart.portal.pages.forms import read
from rempart.portal.pages.insurer_reading import reading_routes
from rempart.portal.pages.insurer_rejections import insurer_rejection_routes
from rempart.portal.pages.insurer_shown import At, Waiting, amounts, at_insurer, to_decide
from rempart.portal.pages.reading import refused
from rempart.portal.quote_reasons import reason_of
from rempart.portal.rendering import Asked, Pages
from rempart.wire.authorizations import DecisionAnswer, StatedLine
from rempart.wire.insurer_desk import DeskCase, DeskDecision
from rempart.wire.problem import Problem

HERE: Final = "/assureur"
WAITING: Final = f"{HERE}/demandes"
MOST_FIELDS: Final = 220
"""A quote has up to 200 lines."""
DECIDED: Final = frozenset({"agreed", "refused"})


def why(code: str) -> str:
    """Why the insurer's table does not decide by itself, in words for its case workers."""
    return WHY_YOU.get(code) or reason_of(code).what


class Again(NamedTuple):
    """A decision that was not taken: what was typed, fields at fault, and the hub's reason with its day."""

    typed: Mapping[str, str] | None = None
    wrong: tuple[str, ...] = ()
    said: str = ""
    until: str = ""


def insurer_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/assureur…`."""
    return [*_list(pages), *_case(pages), *_decisions(pages), *reading_routes(pages), *insurer_rejection_routes(pages)]


def _list(pages: Pages) -> list[HTTPRouteHandler]:
    @get(HERE)
    async def first() -> Redirect:
        return Redirect(WAITING, status_code=303)

    @get(WAITING)
    async def waiting(request: Asked) -> Response[Any]:
        async def work(at: At) -> Response[Any]:
            seen = Waiting(await at.told(desk.pending()), pages.portal.clock(), pages.words(request))
            return at.page("insurer_waiting.html", {"seen": seen, "why": why})

        return await at_insurer(pages, request, work)

    return [first, waiting]


def _case(pages: Pages) -> list[HTTPRouteHandler]:
    @get(WAITING + "/{identity:uuid}")
    async def one(identity: FromPath[UUID], request: Asked) -> Response[Any]:
        async def work(at: At) -> Response[Any]:
            return _shown(at, await at.told(desk.case(str(identity))))

        return await at_insurer(pages, request, work)

    @get(WAITING + "/{identity:uuid}/scelle")
    async def sealed(identity: FromPath[UUID], request: Asked) -> Response[Any]:
        """What only the insurer's key opens, for the page that opens it; the key never leaves that page."""

        async def work(at: At) -> Response[Any]:
            found = await at.told(desk.case(str(identity)))
            parts = [
                {"place": part.place, "kind": part.kind, "sealed": b64encode(part.sealed).decode()}
                for part in found.case.parts
            ]
            return Response({
                "authorization": found.case.authorization, "insurer": at.live.insurer, "site": found.case.site,
                "parts": parts,
            })  # fmt: skip

        return await at_insurer(pages, request, work)

    return [one, sealed]


def _decisions(pages: Pages) -> list[HTTPRouteHandler]:
    @post(WAITING + "/{identity:uuid}/accorder", status_code=200)
    async def agree(identity: FromPath[UUID], request: Asked) -> Response[Any]:
        typed = (await read(request, MOST_FIELDS)).one

        async def work(at: At) -> Response[Any]:
            found = await at.told(desk.case(str(identity)))
            given, wrong = amounts(found.case, typed)
            if wrong:
                return _shown(at, found, Again(typed, wrong))
            lines = tuple(StatedLine(number, amount) for number, amount in given)
            return await _decide(at, found, DeskDecision("agreed", lines), typed)

        return await at_insurer(pages, request, work)

    @post(WAITING + "/{identity:uuid}/refuser", status_code=200)
    async def refuse(identity: FromPath[UUID], request: Asked) -> Response[Any]:
        reason = (await read(request)).one.get("reason", "")

        async def work(at: At) -> Response[Any]:
            found = await at.told(desk.case(str(identity)))
            if reason not in found.refusals:
                return _shown(at, found, Again(wrong=("reason",)))
            return await _decide(at, found, DeskDecision("refused", reason=reason))

        return await at_insurer(pages, request, work)

    return [agree, refuse]


def _shown(at: At, found: DeskCase, again: Again | None = None) -> Response[Any]:
    no = again or Again()
    values = {
        "found": found, "case": found.case, "lines": to_decide(found.case, no.typed), "again": no,
        "said": SENT_BACK.get(no.said, no.said), "reason_of": reason_of, "why": why,
        "command": AGENT.format(at.pages.portal.settings.hub, at.live.insurer, "keys/"),
        "refusals": [(code, name) for code, name in REFUSALS.items() if code in found.refusals],
    }  # fmt: skip
    return at.page("insurer_case.html", values, 422 if again else 200)


async def _decide(
    at: At, found: DeskCase, decision: DeskDecision, typed: Mapping[str, str] | None = None
) -> Response[Any]:  # fmt: skip
    answer = await at.pages.portal.hub.perform(at.live, desk.decide(found.case.authorization, decision))
    if isinstance(answer, Problem):
        if answer.code in {"invalid-fields", "not-changeable"}:
            said = answer.errors[0].code if answer.errors else answer.code
            return _shown(at, found, Again(typed, said=said))
        return refused(at.pages, at.request, at.live, answer)
    if answer.state not in DECIDED:  # an allowance is short: it still waits
        return _shown(at, found, Again(typed, said=answer.reason, until=answer.held_until))
    return await _done(at, answer, decision)


async def _done(at: At, answer: DecisionAnswer, decision: DeskDecision) -> Response[Any]:
    rest = await at.told(desk.pending())
    values = {
        "agreed": answer.state == "agreed", "amount": sum(line.amc for line in decision.lines),
        "reason": REFUSALS.get(decision.reason, ""), "left": len(rest.pending),
        "following": rest.pending[0].authorization if rest.pending else "",
    }  # fmt: skip
    return at.page("insurer_decided.html", values)
