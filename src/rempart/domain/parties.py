"""Sites, clients and mandates (who may speak for which place), and the checks a client passes to act for a site.

Clients are a site's own program, a vendor of software for many sites, a concentrator (OCT) of files, an insurer's
agent, a gateway that passes others' files on, and the account of a person. All but the first and the agent act by
mandate, dated; so a locum's delegation is one. Standing is good or suspended. Left out: payees, and
what each profession may ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

KINDS = ("site", "vendor", "concentrator", "insurer", "gateway")
"""Of programs. A person who signs in is a client as well, of kind `ACCOUNT`, which is only made by an invitation."""
ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Site:
    """A place that invoices: `site` its 9-character billing number; `zone` an IANA name; `since` microseconds UTC."""

    site: str
    profession: str
    operator: str
    finess: str = ""
    siret: str = ""
    zone: str = "Europe/Paris"
    standing: str = "good"
    since: int = 0
    region: str = ""  # the two or three characters of its department, "" where nobody has said it


@dataclass(frozen=True, slots=True)
class Client:
    """A program that signs in: `own_site` for kind `site` only, `vendor` the firm whose software it is.

    `registered` in microseconds UTC. `agents`: whether it must say who sits at it, optional or required.
    """

    client: str
    kind: str
    own_site: str
    vendor: str
    standing: str = "good"
    registered: int = 0
    agents: str = "optional"


@dataclass(frozen=True, slots=True)
class Account:
    """A person who signs in at an operator's portal; `invited` microseconds UTC. Whose it is, is known to no hub.

    `insurer`: the one whose desk it is, 10 digits; "" for every other role.
    """

    account: str
    operator: str
    role: str
    invited: int
    insurer: str = ""


@dataclass(frozen=True, slots=True)
class Mandate:
    """A site lets a client act for it from `starts` to `ends`, both included.

    `ended`: withdrawn earlier, in microseconds UTC as `given`. `accountable`: the account that answers for somebody who
    has no number of the profession's own, "" for everybody else.
    """

    client: str
    site: str
    starts: date
    ends: date
    given: int = 0
    ended: int | None = None
    accountable: str = ""

    def in_force(self, day: date, instant: int) -> bool:
        """Whether it covers `day`, the civil date at the site, and is not withdrawn at `instant` (microseconds UTC)."""
        return self.starts <= day <= self.ends and (self.ended is None or instant < self.ended)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A client that wants to act for a site, with what is known of both; `mandated` as `Mandate.in_force` found it."""

    client: Client | None
    site: Site | None
    mandated: bool


def _known_client(attempt: Attempt) -> str | None:
    return None if attempt.client is not None else "unknown-client"


def _client_standing(attempt: Attempt) -> str | None:
    return "client-suspended" if attempt.client is not None and attempt.client.standing != "good" else None


def _acts_for_site(attempt: Attempt) -> str | None:
    """Before the site is looked at, so that a client learns nothing about sites that are not its own."""
    client, site = attempt.client, attempt.site
    if client is None or site is None:
        return "no-mandate"
    if client.kind == "site":
        return None if client.own_site == site.site else "no-mandate"
    return None if attempt.mandated else "no-mandate"


def _site_standing(attempt: Attempt) -> str | None:
    return "site-suspended" if attempt.site is not None and attempt.site.standing != "good" else None


CHECKS = (_known_client, _client_standing, _acts_for_site, _site_standing)
"""In order; the first code that is not None is the refusal."""


def refusal(attempt: Attempt) -> str | None:
    """The code why this client may not act for this site, None when it may."""
    return next((code for check in CHECKS if (code := check(attempt)) is not None), None)
