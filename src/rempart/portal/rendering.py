"""Pages from templates: Jinja with everything escaped, one environment a language, the portal's header around each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from litestar import MediaType, Request, Response
from litestar.datastructures import Cookie

from rempart.client.doors import SignedIn
from rempart.portal import days, words
from rempart.portal.desks import at_desk
from rempart.portal.places import places
from rempart.portal.port import Portal
from rempart.portal.professions import DOMAINS
from rempart.portal.refusals import Refusal
from rempart.portal.session import Cookies, no_export_until
from rempart.portal.words import FIRST, NAMES, Words

Asked = Request[Any, Any, Any]
PUBLIC: Final = ("/", "/invitation", "/rejoindre")
"""Pages that can be shown again in another language by their address alone."""
LANGUAGE_PAGES: Final = (
    *PUBLIC,
    "/tour",
    "/salle",
    "/salle/facture",
    "/salle/prise-en-charge",
    "/hors-ligne",
    "/site",
    "/patient",
    "/prises-en-charge",
    "/prises-en-charge/nouvelle",
    "/factures",
    "/factures/nouvelle",
    "/factures/fichier",
    "/factures/fichiers",
    "/paiements",
    "/questions",
    "/messages",
    "/site-et-equipe",
    "/bureau/sites",
    "/bureau/comptes",
    "/bureau/invitations",
    "/bureau/fermetures",
    "/bureau/adhesions",
    "/bureau/journal",
    "/assistance",
    "/compte",
    "/compte/secours",
    "/compte/remplacement",
    "/comptoir",
    "/comptoir/code",
    "/site-et-equipe/postes",
    "/site-et-equipe/remplacements",
    "/site-et-equipe/remplacements/code",
    "/assureur/demandes",
    "/assureur/droits",
    "/assureur/garanties",
    "/assureur/fonds",
    "/assureur/rejets",
)
_ONE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # the hub's id of one thing


def shown_again(path: str) -> str:
    """Where a page of this address can be shown again: itself when reading it is enough, else the place above."""
    while path:
        above, _, last = path.rpartition("/")
        if path in LANGUAGE_PAGES or (above in LANGUAGE_PAGES and _ONE.fullmatch(last)):
            return path
        path = above
    return "/"


def environment(words_of: Words) -> Environment:
    """The templates in one language."""
    made = Environment(
        loader=PackageLoader("rempart.portal", "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, auto_reload=False, extensions=["jinja2.ext.i18n"],
    )  # fmt: skip
    made.install_gettext_translations(words_of.catalog, newstyle=True)  # type: ignore[attr-defined]  # its extension's
    made.filters |= {
        "day": words.day, "moment": _moment, "grouped": words.grouped, "site": words.site,
        "domain": lambda code: words_of.say(DOMAINS[code]) if code in DOMAINS else code,
        "euros": lambda cents: words.euros(cents, words_of.language),
        "whole": lambda number: words.whole(number, words_of.language),
    }  # fmt: skip
    made.globals["language"] = words_of.language
    made.globals["languages"] = NAMES
    made.globals |= {"places": places, "at_desk": at_desk}
    return made


@pass_context
def _moment(context: Context, text: str) -> str:
    """Where a template is imported without the page's context there is no session, and the clock is Paris's."""
    session = context.get("session")
    return days.moment(text, session if isinstance(session, SignedIn) else None)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page is answered with beside its template: the session in its header, cookies to set."""

    session: SignedIn | None = None
    cookies: tuple[Cookie, ...] = ()
    status: int = 200


class Pages:
    """Renders for one portal."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.cookies = Cookies(portal.settings.secure)
        self._made = {code: environment(each) for code, each in portal.languages.items()}

    def language(self, request: Asked) -> str:
        """What the person chose; else what the browser prefers among ours; else French."""
        chosen = request.cookies.get(self.cookies.language, "")
        if chosen in self._made:
            return chosen
        told = request.headers.get("accept-language", "")
        for part in told.split(","):
            code = part.split(";")[0].strip()[:2].lower()
            if code in self._made:
                return code
        return FIRST

    def words(self, request: Asked) -> Words:
        """The language of this request."""
        return self.portal.languages[self.language(request)]

    def page(
        self, request: Asked, template: str, values: Mapping[str, Any], shown: Shown | None = None
    ) -> Response[str]:
        """One page."""
        how = shown or Shown()
        path = request.scope["path"]
        text = self._made[self.language(request)].get_template(template).render(
            **values, operator=self.portal.settings.operator, session=how.session,
            demo=bool(self.portal.demo_people), provider=self.portal.settings.pro_sante_connect is not None,
            joining=self.portal.settings.enrolment is not None,
            at=path, back=shown_again(path), hospitals=self.portal.settings.hospitals,
            counter=bool(request.cookies.get(self.cookies.station)),
            no_export_until=no_export_until(how.session, self.portal.clock()),
        )  # fmt: skip
        return Response(text, status_code=how.status, media_type=MediaType.HTML, cookies=list(how.cookies))

    def refused(self, request: Asked, refusal: Refusal, shown: Shown | None = None) -> Response[str]:
        """A page of its own for a no."""
        return self.page(request, "refused.html", {"refusal": refusal}, shown)
