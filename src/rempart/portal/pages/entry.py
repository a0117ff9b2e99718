"""Coming in: the sign-in page, the invitation that makes a passkey, the challenges of both, signing out."""

from __future__ import annotations

import base64
import re
import secrets
from typing import Any, Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from rempart.client.doors import Assertion, Registration, SignedIn
from rempart.client.exchange import NoAnswerError
from rempart.portal import devices, refusals, session
from rempart.portal.desks import at_desk
from rempart.portal.pages.forms import Form, read
from rempart.portal.places import places
from rempart.portal.refusals import Kind, Refusal
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.portal.words import N_
from rempart.wire.problem import Problem
from rempart.wire.sign_in import Purpose

CODE_LENGTH: Final = 16
TURNS: Final = frozenset({"turn", "turn-site"})
TURN_PATH: Final = "/tour"
"""Where people go while the portal reopens in waves."""
HANDLE_BYTES: Final = 16
STATUS: Final = {
    Kind.OVER: 401, Kind.CLOSED: 503, Kind.AWAY: 503, Kind.LIMIT: 429, Kind.AMISS: 422, Kind.STOPPED: 403,
}  # fmt: skip
FAULTS: Final = {
    "code": N_("Le code compte 16 lettres et chiffres, en 4 groupes de 4 : recopiez-le de l’invitation."),
    "site": N_("Pour un site : 9 caractères (N° AM ou FINESS). Pour un bureau : ce qui est écrit sur l’invitation."),
}
# Crockford's base32, and the letters that people read for one of its digits.
_CODE = re.compile(rf"[0-9A-HJKMNP-TV-Z]{{{CODE_LENGTH}}}")
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", " ": None, "-": None, "\u00a0": None})
_SITE = re.compile(r"[0-9][0-9AB][0-9]{7}")
_INSURER = re.compile(r"[0-9]{10}")
_BASE64 = re.compile(r"[A-Za-z0-9_-]{1,8000}")


def entry_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/`, `/session…` and `/invitation…`."""
    demo = [_demo_sign_in(pages)] if pages.portal.demo_people else []
    return [*_sign_in(pages), *demo, *_invitation(pages), *_session_end(pages)]


def landing(found: SignedIn) -> str:
    """Where a signed-in person goes: to choose a site, or to the first of the role's places."""
    return places(found.role)[0].path if found.site or at_desk(found) else "/site"


def _sign_in(pages: Pages) -> list[HTTPRouteHandler]:
    @get("/")
    async def welcome(request: Asked) -> Response[Any]:
        found = session.read(request.cookies.get(pages.cookies.session, ""))
        if found is not None and found.expires > pages.portal.clock():
            return Redirect(landing(found), status_code=303)
        return pages.page(request, "sign_in.html", {"refusal": None, "people": pages.portal.demo_people})

    @post("/session/challenge", status_code=200)
    async def challenge(request: Asked) -> Response[Any]:
        site = (await read(request)).one.get("site", "")
        return await _challenge(pages, request, "sign-in", site)

    @post("/session")
    async def sign_in(request: Asked) -> Response[Any]:
        told = await read(request)
        credential = assertion_of(told)
        if credential is None:
            return _again(pages, request, "sign_in.html", _refused())
        site = read_site(told.one.get("site", ""))
        return await _entered(pages, request, told.one.get("challenge", ""), credential, site=site)

    return [welcome, challenge, sign_in]


def _demo_sign_in(pages: Pages) -> HTTPRouteHandler:
    @post("/session/demo")
    async def sign_in(request: Asked) -> Response[Any]:
        """As one of the demo's people, with their passkey in software; all the rest is an ordinary sign-in."""
        told = await read(request)
        people = {person.passkey.credential: person for person in pages.portal.demo_people}
        person = people.get(told.one.get("person", ""))
        if person is None:
            return _again(pages, request, "sign_in.html", _refused())
        asked = await pages.portal.hub.challenge("sign-in")
        if isinstance(asked, Problem):
            return _again(pages, request, "sign_in.html", refusals.entering(asked))
        signed = person.passkey.sign(asked.challenge, asked.rp_id, pages.portal.settings.public_origin)
        return await _entered(pages, request, asked.challenge, signed)

    return sign_in


async def _entered(
    pages: Pages, request: Asked, challenge: str, signed: Assertion, *, site: str = ""
) -> Response[Any]:  # fmt: skip
    """Signed in, with the cookie; or why not."""
    told = devices.told(pages.portal, request)
    found = await pages.portal.hub.sign_in(challenge, signed, site, device=told)
    if isinstance(found, Problem) and found.code in TURNS:
        return Redirect(TURN_PATH, status_code=303)
    if isinstance(found, Problem):
        return _again(pages, request, "sign_in.html", refusals.entering(found))
    cookie = pages.cookies.made(pages.cookies.session, session.write(found))
    shared = bool(request.cookies.get(pages.cookies.station)) and bool(found.site)
    return Redirect("/comptoir/code" if shared else landing(found), status_code=303, cookies=[cookie])


def _invitation(pages: Pages) -> list[HTTPRouteHandler]:
    @get("/invitation")
    async def invitation(request: Asked) -> Response[Any]:
        return pages.page(request, "invitation.html", {"refusal": None, "faults": FAULTS, "wrong": ()})

    @post("/invitation/challenge", status_code=200)
    async def challenge(request: Asked) -> Response[Any]:
        told = await read(request)
        wrong, site = _wrong(pages, told), place_of(pages, told.one.get("site", ""))
        # Before the browser makes a passkey that nobody would take.
        return Response({"wrong": wrong}, status_code=422) if wrong else await _challenge(pages, request, "enrol", site)

    @post("/invitation", status_code=200)
    async def enrol(request: Asked) -> Response[Any]:
        told = await read(request)
        wrong = _wrong(pages, told)
        if wrong:
            values = {"refusal": None, "faults": FAULTS, "wrong": wrong}
            return pages.page(request, "invitation.html", values, Shown(status=422))
        credential = registration_of(told)
        if credential is None:
            return _again(pages, request, "invitation.html", _refused())
        code, site = read_code(told.one["code"]), place_of(pages, told.one["site"])
        found = await pages.portal.hub.enrol(code, site, told.one.get("challenge", ""), credential)
        if isinstance(found, Problem):
            return _again(pages, request, "invitation.html", refusals.entering(found))
        return pages.page(request, "enrolled.html", {})

    return [invitation, challenge, enrol]


def _session_end(pages: Pages) -> list[HTTPRouteHandler]:
    @post("/session/end")
    async def end(request: Asked) -> Response[Any]:
        found = session.read(request.cookies.get(pages.cookies.session, ""))
        if found is not None:
            await told_to_end(pages, found)
        gone = pages.cookies.removed(pages.cookies.session)
        return Redirect("/session/ended", status_code=303, cookies=[gone])

    @get("/session/ended")
    async def ended(request: Asked) -> Response[Any]:
        return pages.page(request, "ended.html", {"over": False})

    @get("/session/over")
    async def over(request: Asked) -> Response[Any]:
        gone = pages.cookies.removed(pages.cookies.session)
        return pages.page(request, "ended.html", {"over": True}, Shown(cookies=(gone,)))

    return [end, ended, over]


async def told_to_end(pages: Pages, found: SignedIn) -> None:
    """Ends it at the hub; when the hub is away the session ends by itself within 15 minutes, and the cookie now."""
    try:
        await pages.portal.hub.end(found)
    except NoAnswerError:
        return


async def _challenge(pages: Pages, request: Asked, purpose: Purpose, site: str) -> Response[Any]:
    """What the browser is to sign, for `webauthn.js`; or the sentences of a refusal."""
    try:
        found = await pages.portal.hub.challenge(purpose, site)
    except NoAnswerError:
        return said_to_script(pages, request, refusals.away())
    if isinstance(found, Problem):
        return said_to_script(pages, request, refusals.entering(found))
    # The keeper knows the person by the passkey itself; the handle only has to differ from person to person.
    handle = base64.urlsafe_b64encode(secrets.token_bytes(HANDLE_BYTES)).rstrip(b"=").decode()
    return Response({"challenge": found.challenge, "rp_id": found.rp_id, "seconds": found.expires_in, "handle": handle})


def said_to_script(pages: Pages, request: Asked, refusal: Refusal) -> Response[Any]:
    """A no for `webauthn.js`, which shows its two sentences in the page."""
    words = pages.words(request)
    told = {"title": words.say(refusal.title), "todo": words.say(refusal.todo)}
    if refusal.code in TURNS:
        told["go"] = TURN_PATH
    return Response(told, status_code=STATUS[refusal.kind])


def _again(pages: Pages, request: Asked, template: str, refusal: Refusal) -> Response[Any]:
    """The page again with what is amiss; a page of its own for what trying again does not mend."""
    if refusal.kind is Kind.AMISS:
        values = {"refusal": refusal, "faults": FAULTS, "wrong": (), "people": pages.portal.demo_people}
        return pages.page(request, template, values, Shown(status=422))
    return pages.refused(request, refusal, Shown(status=STATUS[refusal.kind]))


def _refused() -> Refusal:
    return refusals.entering(Problem("", 422, "passkey-refused"))


def _wrong(pages: Pages, told: Form) -> tuple[str, ...]:
    """The fields of an invitation that cannot be right."""
    good = {"code": read_code(told.one.get("code", "")), "site": place_of(pages, told.one.get("site", ""))}
    return tuple(name for name, value in good.items() if not value)


def read_code(text: str) -> str:
    """An invitation's code in its one form, "" when it cannot be one."""
    code = text.upper().translate(_READ_AS)
    return code if _CODE.fullmatch(code) else ""


def read_site(text: str) -> str:
    """A billing number without spaces, "" when it cannot be one."""
    site = re.sub(r"\s", "", text).upper()
    return site if _SITE.fullmatch(site) else ""


def place_of(pages: Pages, text: str) -> str:
    """What an invitation names: a site's number, an insurer's, or this operator; "" when it cannot be any."""
    plain, operator = re.sub(r"\s", "", text), pages.portal.settings.operator.id
    if plain.lower() == operator.lower():
        return operator
    return plain if _INSURER.fullmatch(plain) else read_site(text)


def assertion_of(told: Form, prefix: str = "") -> Assertion | None:
    """What a passkey signed, in fields whose names begin with `prefix`; None when it cannot be that."""
    names = ("credential", "client_data", "authenticator_data", "signature")
    values = [told.one.get(prefix + name, "") for name in names]
    return Assertion(*values) if all(_BASE64.fullmatch(value) for value in values) else None


def registration_of(told: Form) -> Registration | None:
    """A passkey as the browser made it; None when it cannot be that."""
    values = [told.one.get(name, "") for name in ("client_data", "attestation")]
    return Registration(*values) if all(_BASE64.fullmatch(value) for value in values) else None
