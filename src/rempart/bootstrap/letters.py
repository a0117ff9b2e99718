"""What goes to professionals outside the hub: letters at a change of state, new codes after an incident.

The operator's own mailing tool merges them by billing number: the hub holds no name and no address.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import psycopg

from rempart.bootstrap import inviting
from rempart.bootstrap.registering import Registrar
from rempart.domain.compartments import OPEN, Closure, Said, sentence
from rempart.domain.waiting_room import alternatives
from rempart.ground.instants import PARIS, as_datetime, civil_date, iso
from rempart.storage import compartment_notices as stored
from rempart.storage.compartment_notices import Change

Letter = tuple[str, str, str, str, str, str, str]
OPENED = Said("Le service a rouvert", "The service is open again")
CHANGED = Said("Le service est fermé ou restreint", "The service is closed or restricted")
_WORK = Said(
    "Vous pouvez travailler comme d’habitude. Ce que vous aviez laissé en salle d’attente est transmis dans l’ordre.",
    "You can work as usual. What you had left in the waiting room is sent in its order.",
)
ACCOUNTS = """
select a.account, coalesce(min(m.site) filter (where m.site = any(%(sites)s)), min(m.site))
from rempart.account a join rempart.mandate m on m.client = a.account
where a.operator = %(operator)s and m.ended is null and m.ends >= %(day)s
  and a.role in ('professional', 'staff', 'manager')
  and (%(all)s or m.site = any(%(sites)s) or a.account = any(%(accounts)s))
group by a.account order by a.account
"""


def letters(connection: psycopg.Connection[Any], name: str) -> list[Letter] | None:
    """One a site that the compartment holds: site, profession, state, then subject and text in both languages."""
    change = stored.last_change(connection, name)
    if change is None:
        return None
    sites = stored.sites_within(connection, name)
    made = {profession: _letter(change, profession) for profession in {each for _, each in sites}}
    return [(site, profession, change.state, *made[profession]) for site, profession in sites]


def _letter(change: Change, profession: str) -> tuple[str, str, str, str]:
    if change.state == OPEN:
        return OPENED.french, _WORK.french, OPENED.english, _WORK.english
    closure = Closure(
        change.compartment, change.state, change.reason, change.instant, change.reopens, change.french, change.english
    )
    said, ways = sentence(closure), alternatives(closure, profession)
    when = _when(change.reopens)
    french = " ".join((said.french, when.french, *(way.french for way in ways)))
    english = " ".join((said.english, when.english, *(way.english for way in ways)))
    return CHANGED.french, french, CHANGED.english, english


def _when(reopens: int | None) -> Said:
    if reopens is None:
        return Said("L’heure de réouverture n’est pas encore connue.", "It is not known yet when it opens again.")
    at = as_datetime(reopens).astimezone(ZoneInfo(PARIS))
    return Said(
        f"Réouverture prévue le {at:%d/%m/%Y} à {at.hour} h {at:%M}.", f"Expected to open on {at:%d/%m/%Y at %H:%M}."
    )


class Chosen(NamedTuple):
    """Whose passkeys end: the accounts of these sites, and these; both empty, every site's person at the operator."""

    operator: str
    officer: str
    sites: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()


def new_codes(registrar: Registrar, chosen: Chosen, instant: int) -> Iterator[tuple[str, str, str, str]]:
    """Ends each chosen account's passkeys and sessions, and gives (site, account, code, good until) one by one.

    An account that the keeper refuses (ended meanwhile) is left out. The code is good with the site that is named.
    """
    operator, officer, sites, accounts = chosen
    wanted = {
        "operator": operator, "day": civil_date(instant, PARIS), "all": not sites and not accounts,
        "sites": sorted(sites), "accounts": sorted(accounts),
    }  # fmt: skip
    for account, site in registrar.connection.execute(ACCOUNTS, wanted).fetchall():
        found = inviting.recover(registrar, inviting.Recovery(operator, account, site, officer), instant)
        if isinstance(found, inviting.Invited):
            yield site, account, found.code, iso(found.expires)
