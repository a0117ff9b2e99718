"""What letters tell each profession, and whose passkeys end: everybody's, the desks' too, and nobody's beside."""

from __future__ import annotations

from contextlib import closing
from datetime import date

import psycopg
import pytest

from rempart.bootstrap.letters import Chosen, letters, wanted
from rempart.domain.compartments import Closure
from rempart.domain.waiting_room import alternatives
from rempart.ground.options import PROFESSIONS
from rempart.storage.compartments import Shutting, shut
from support.databases import Database

SITES = {"992300010": "dentist", "992300028": "laboratory", "992300036": "hearing", "992300044": "speech-therapist"}
WORDS = {
    "dentist": ("dentaire", "dental"), "laboratory": ("laboratoire", "laboratory"),
    "hearing": ("audioprothèse", "hearing-aid"), "speech-therapist": ("orthophonie", "speech therapy"),
}  # fmt: skip
NOW, TODAY = 1_795_420_800_000_000, date(2026, 11, 23)
CLOSED = Closure("portal:horizon", "closed", "attack", 1)


def test_every_profession_has_a_sentence_of_its_own() -> None:
    """In both languages; who has none of the list is told the general one."""
    general = alternatives(CLOSED, "fortune-teller")[0]
    told = [alternatives(CLOSED, name.replace("_", "-"))[0] for name in PROFESSIONS]
    assert len({said.french for said in told}) == len({said.english for said in told}) == len(PROFESSIONS)
    assert general not in told


@pytest.mark.postgres
def test_letters_tell_each_site_what_helps_its_profession(postgres: Database) -> None:
    """A dentist is not sent to a laboratory's system: each letter has its own words and no other's."""
    with closing(psycopg.connect(postgres.url("admin"), autocommit=True)) as admin:
        for site, profession in SITES.items():
            admin.execute(
                "insert into rempart.site (site, profession, operator, since) values (%s, %s, 'horizon', 0)",
                (site, profession),
            )
            account = f"a{site.rjust(15, '0')}"
            _account(admin, account, "professional")
            _mandate(admin, account, site)
    with closing(psycopg.connect(postgres.url("worker"), autocommit=True)) as worker:
        assert letters(worker, "portal:horizon") is None
        assert shut(worker, Shutting("portal:horizon", "closed", "attack", "anne"), NOW) is None
        found = letters(worker, "portal:horizon")
    assert found is not None
    assert {(site, profession) for site, profession, *_ in found} == set(SITES.items())
    for _site, profession, state, _, french, _, english in found:
        assert state == "closed"
        assert [name for name, (word, _) in WORDS.items() if word in french] == [profession]
        assert [name for name, (_, word) in WORDS.items() if word in english] == [profession]


@pytest.mark.postgres
def test_everybody_means_desks_too_and_no_ended_account(postgres: Database) -> None:
    """Their place is the insurer's number or the operator; who is named is told of even without a site or ended."""
    person, staff, agent, worker, gone, guest, elsewhere, idle = (f"a{n:015d}" for n in range(8))
    with closing(psycopg.connect(postgres.url("admin"), autocommit=True)) as admin:
        admin.execute(
            "insert into rempart.site (site, profession, operator, since) values ('992300010', 'dentist', 'horizon', 0)"
        )
        for name, role in ((person, "professional"), (staff, "staff"), (agent, "agent"), (gone, "support"),
                           (guest, "professional"), (idle, "manager")):  # fmt: skip
            _account(admin, name, role)
        _account(admin, worker, "case-worker", insurer="0000401166")
        _account(admin, elsewhere, "agent", operator="azur")
        for name in (person, staff, guest):
            _mandate(admin, name, "992300010")
        admin.execute("update rempart.account set federated = true where account = %s", (guest,))
        admin.execute("update rempart.client set standing = 'closed' where client = %s", (gone,))
        everybody = wanted(admin, Chosen("horizon", "anne"), TODAY)
        of_site = wanted(admin, Chosen("horizon", "anne", frozenset({"992300010"})), TODAY)
        named = frozenset({agent, gone, idle, elsewhere})
        asked = wanted(admin, Chosen("horizon", "anne", accounts=named), TODAY)
    assert everybody == [
        (person, "992300010", False), (staff, "992300010", False), (agent, "horizon", False),
        (worker, "0000401166", False), (guest, "992300010", True),
    ]  # fmt: skip
    assert [account for account, _, _ in of_site] == [person, staff, guest]
    assert asked == [(agent, "horizon", False), (gone, "horizon", False), (idle, None, False)]


def _account(
    admin: psycopg.Connection[tuple[object, ...]], account: str, role: str, *, operator: str = "horizon",
    insurer: str = "",
) -> None:  # fmt: skip
    admin.execute("insert into rempart.client (client, kind, registered) values (%s, 'account', 0)", (account,))
    admin.execute(
        "insert into rempart.account (account, operator, role, invited, insurer) values (%s, %s, %s, 0, %s)",
        (account, operator, role, insurer),
    )


def _mandate(admin: psycopg.Connection[tuple[object, ...]], account: str, site: str) -> None:
    admin.execute(
        "insert into rempart.mandate (client, site, starts, ends, given) "
        "values (%s, %s, '2026-01-01', '2099-12-31', 0)",
        (account, site),
    )
