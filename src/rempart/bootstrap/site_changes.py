"""Changing a site by day: mandates end by that day at once, in the keeper and the database; the rest on the day itself.

`apply` does what is left once its day has come: standing, and the end of the site's own programs. It may run every day.
"""

from __future__ import annotations

from dataclasses import dataclass

from rempart.bootstrap.registering import Registrar
from rempart.domain.site_changes import CLOSED, ENDS_MANDATES, OWNER, SUSPENDED, SiteChange, refusal
from rempart.ground.instants import civil_date, start_of_day
from rempart.storage import site_changes as books
from rempart.storage.site_changes import Kept


@dataclass(frozen=True, slots=True)
class Changed:
    """How many clients lose their mandate, and which own programs of the site end on the day."""

    mandates: int
    programs: tuple[str, ...]


def change(registrar: Registrar, asked: SiteChange, instant: int) -> Changed | str:
    """Writes a change and ends mandates by its day; a refusal code when nothing was done. Repeated, it finishes.

    Codes: site-unknown (closed ones too), officer-missing, day-past, day-far, and the keeper's.
    """
    place = registrar.site(asked.site)
    if place is None or place.standing == "closed":
        return "site-unknown"
    if code := refusal(asked, civil_date(instant, place.zone)):
        return code
    books.add(registrar.connection, asked, instant)
    ended: list[str] = []
    if asked.what in ENDS_MANDATES:
        at = max(instant, start_of_day(asked.day, place.zone))
        for client in books.mandated(registrar.connection, asked.site, asked.day):
            code = registrar.end_mandates(client, asked.site, at)
            if code not in ("", "no-mandate"):
                return code
            ended.append(client)
    programs = books.own_clients(registrar.connection, asked.site) if asked.what in ENDS_MANDATES else []
    code = apply(registrar, instant)[1]
    return code or Changed(len(ended), tuple(programs))


def apply(registrar: Registrar, instant: int) -> tuple[int, str]:
    """Does what is left of every change whose day has come at its site: how many, and the first refusal or ""."""
    done = 0
    for each in books.changes(registrar.connection, done=False):
        if each.day > civil_date(instant, each.zone):
            continue
        if code := _done(registrar, each, instant):
            return done, code
        books.finish(registrar.connection, each.change, instant)
        done += 1
    return done, ""


def _done(registrar: Registrar, each: Kept, instant: int) -> str:
    if each.what in (OWNER, CLOSED):
        for client in books.own_clients(registrar.connection, each.site):
            if code := registrar.revoke_client(client, instant):
                return code
    standing = {CLOSED: "closed", SUSPENDED: "suspended"}.get(each.what, "")
    code = registrar.set_site_standing(each.site, standing) if standing else ""
    return "" if code == "site-unknown" else code  # closed meanwhile: there is nothing left to do
