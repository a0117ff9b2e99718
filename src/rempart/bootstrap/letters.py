"""What goes to professionals outside the hub: letters at a change of state, new codes after an incident.

The operator's own mailing tool merges them by billing number: the hub holds no name and no address.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import psycopg

from rempart.bootstrap import inviting
from rempart.bootstrap.registering import Registrar
from rempart.domain.authorities import DESK_ROLES
from rempart.domain.compartments import OPEN, Closure, Said, sentence
from rempart.domain.waiting_room import alternatives
from rempart.ground.instants import PARIS, as_datetime, civil_date, iso
from rempart.sealing.invitations import halves
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
select a.account, case when a.role = any(%(desks)s) then coalesce(nullif(a.insurer, ''), a.operator) else w.site end,
       a.federated
from rempart.account a join rempart.client c on c.client = a.account
left join lateral (
    select coalesce(min(m.site) filter (where m.site = any(%(sites)s)), min(m.site)) as site,
           bool_or(m.site = any(%(sites)s)) as named
    from rempart.mandate m where m.client = a.account and m.ended is null and m.ends >= %(day)s) w on true
where a.operator = %(operator)s
  and (a.account = any(%(accounts)s)
       or (c.standing <> 'closed' and (w.named or (%(all)s and (w.site is not null or a.role = any(%(desks)s))))))
order by a.account
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
    """Whose passkeys end: the accounts of these sites, and these; both empty, everybody's at the operator.

    Desks of the operator and of insurers are among everybody, and may be named.
    """

    operator: str
    officer: str
    sites: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()


class NewCode(NamedTuple):
    """The code of one account in its halves, good with that site until then (ISO 8601, UTC)."""

    site: str
    account: str
    first_half: str
    second_half: str
    good_until: str


class NotDone(NamedTuple):
    """An account of which nothing was changed: `account-unknown`, `no-mandate`, `federated`, or what the keeper said.

    `federated`: it signs in at a hospital's own provider, and has no passkey here that could end.
    """

    account: str
    code: str


def new_codes(registrar: Registrar, chosen: Chosen, instant: int) -> Iterator[NewCode | NotDone]:
    """Ends each chosen account's passkeys and sessions, and gives their new codes one by one; then who was not found.

    The code is good with the site that is named; of a desk that is the insurer's number, or the operator.
    """
    found = wanted(registrar.connection, chosen, civil_date(instant, PARIS))
    for account, place, federated in found:
        yield NotDone(account, "federated") if federated else _new_code(registrar, chosen, (account, place), instant)
    for account in sorted(chosen.accounts.difference(one[0] for one in found)):
        yield NotDone(account, "account-unknown")


def wanted(connection: psycopg.Connection[Any], chosen: Chosen, day: date) -> list[tuple[str, str | None, bool]]:
    """Each chosen account there is, by its id: its place (None: at no site on that day), whether it is federated."""
    asked = {
        "operator": chosen.operator, "day": day, "all": not chosen.sites and not chosen.accounts,
        "sites": sorted(chosen.sites), "accounts": sorted(chosen.accounts), "desks": list(DESK_ROLES),
    }  # fmt: skip
    return [(row[0], row[1], row[2]) for row in connection.execute(ACCOUNTS, asked).fetchall()]


def _new_code(
    registrar: Registrar, chosen: Chosen, of: tuple[str, str | None], instant: int
) -> NewCode | NotDone:  # fmt: skip
    account, place = of
    if place is None:
        return NotDone(account, "no-mandate")
    # The passkeys of a site's managers may be among those that end: nobody is sent to a colleague first.
    again = inviting.Recovery(chosen.operator, account, place, chosen.officer, although_manager=True)
    found = inviting.recover(registrar, again, instant)
    if isinstance(found, str):
        return NotDone(account, found)
    return NewCode(place, account, *halves(found.code), iso(found.expires))
