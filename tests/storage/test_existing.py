"""A house on somebody else's PostgreSQL: what is made there, what is refused, and what is left behind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
import pytest

from rempart.storage import existing
from rempart.storage.existing import ExistingPostgres, ExistingPostgresError, beside
from rempart.storage.migrate import current, head

if TYPE_CHECKING:
    from support.databases import Database

pytestmark = pytest.mark.postgres
ROLES = ("owner", "hub", "worker", "auditor")


def sql(database: Database, statement: str) -> list[tuple[object, ...]]:
    """As the superuser."""
    with psycopg.connect(database.url(), autocommit=True) as admin:
        done = admin.execute(statement.encode())
        return done.fetchall() if done.description else []


def refused(made: ExistingPostgres) -> str:
    with pytest.raises(ExistingPostgresError) as error:
        made.start()
    return error.value.code


def test_an_empty_database_becomes_a_house_and_its_logins_go_with_it(empty_postgres: Database, tmp_path: Path) -> None:
    """Four logins of one group each, the schema at head, no secret in a URL; at the end the logins are gone."""
    made = ExistingPostgres(tmp_path / "p", empty_postgres.url())
    made.start()
    try:
        assert current(made.url("owner")) == head()
        for role in ROLES:
            url = made.url(role)
            assert urlsplit(url).password is None
            with psycopg.connect(url) as connection:
                rows = connection.execute(
                    "select g.rolname from pg_auth_members m join pg_roles g on g.oid = m.roleid "
                    "join pg_roles u on u.oid = m.member where u.rolname = session_user"
                ).fetchall()
            assert rows == [(f"rempart_{role}",)]
        assert (tmp_path / "p" / "logins.pgpass").stat().st_mode & 0o777 == 0o600
        stored = sql(empty_postgres, "select rolpassword from pg_authid where rolname like 'rempart_demo_%'")
        assert all(str(row[0]).startswith("SCRAM-SHA-256$") for row in stored)
    finally:
        made.stop()
        made.stop()
    assert sql(empty_postgres, "select 1 from pg_roles where rolname like 'rempart_demo_%'") == []
    assert sql(empty_postgres, "select count(*) from rempart.site") == [(0,)]


def test_the_next_house_begins_anew(empty_postgres: Database, tmp_path: Path) -> None:
    """What a house left is dropped by the next one in the same database."""
    for folder in ("one", "two"):
        made = ExistingPostgres(tmp_path / folder, empty_postgres.url())
        made.start()
        assert sql(empty_postgres, "select count(*) from rempart.site") == [(0,)]
        sql(
            empty_postgres,
            "insert into rempart.site values ('751234567', 'pharmacy', 'x', null, null, 'UTC', 'good', 0)",
        )
        made.stop()
    assert sql(empty_postgres, "select count(*) from rempart.site") == [(1,)]


def test_a_schema_that_may_be_real_is_left_alone(postgres: Database, tmp_path: Path) -> None:
    """A migrated database that no house marked is refused, and keeps everything."""
    sql(postgres, "insert into rempart.compartment values ('hub', 'closed')")
    assert refused(ExistingPostgres(tmp_path, postgres.url())) == "schema-taken"
    assert sql(postgres, "select count(*) from rempart.compartment") == [(1,)]
    assert sql(postgres, "select 1 from pg_roles where rolname like 'rempart_demo_%'") == []


def test_one_house_at_a_time(empty_postgres: Database, tmp_path: Path) -> None:
    """A second house in the same database is refused while the first runs, which is not disturbed."""
    made = ExistingPostgres(tmp_path / "one", empty_postgres.url())
    made.start()
    try:
        assert refused(ExistingPostgres(tmp_path / "two", empty_postgres.url())) == "database-in-use"
        psycopg.connect(made.url("hub")).close()
    finally:
        made.stop()


def test_rights_that_do_not_suffice_are_told(empty_postgres: Database, tmp_path: Path) -> None:
    """A role that may not make roles, or owns nothing here, is refused before anything is made; one that may, works."""
    login = f"plain_{empty_postgres.name}"
    url = empty_postgres.url().replace("rempart_admin@", f"{login}@")
    sql(empty_postgres, f"create role {login} login")
    sql(empty_postgres, f"grant connect on database {empty_postgres.name} to {login}")
    try:
        assert refused(ExistingPostgres(tmp_path / "a", url)) == "rights-missing"
        sql(empty_postgres, f"alter role {login} createrole")
        assert refused(ExistingPostgres(tmp_path / "b", url)) == "rights-missing"
        sql(empty_postgres, f"alter database {empty_postgres.name} owner to {login}")
        for role in ROLES:
            sql(empty_postgres, f"grant rempart_{role} to {login} with admin option")
        made = ExistingPostgres(tmp_path / "c", url)
        made.start()
        assert current(made.url("owner")) == head()
        made.stop()
    finally:
        sql(empty_postgres, "drop schema if exists rempart cascade")
        sql(empty_postgres, f"reassign owned by {login} to rempart_admin")
        sql(empty_postgres, f"drop owned by {login}")
        sql(empty_postgres, f"drop role {login}")


def test_another_version_or_encoding_is_refused(
    empty_postgres: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only PostgreSQL 15 to 18 with UTF-8; the check itself is moved, no such server is at hand."""
    monkeypatch.setattr(existing, "OLDEST", 99)
    assert refused(ExistingPostgres(tmp_path, empty_postgres.url())) == "database-version"
    monkeypatch.undo()
    name = f"{empty_postgres.name}_ascii"
    sql(empty_postgres, f"create database {name} template template0 encoding 'SQL_ASCII' locale 'C'")
    url = empty_postgres.url().replace(f"/{empty_postgres.name}?", f"/{name}?")
    assert refused(ExistingPostgres(tmp_path, url)) == "database-encoding"
    sql(empty_postgres, f"drop database {name}")


@pytest.mark.parametrize(
    ("url", "code"),
    [("no url", "database-url"), ("postgresql://nobody@/x?host=/nowhere-at-all", "database-unreachable")],
)
def test_a_url_that_leads_nowhere_is_told(tmp_path: Path, url: str, code: str) -> None:
    """In a word, and without the URL, which may hold a password."""
    made = ExistingPostgres(tmp_path, url)
    assert refused(made) == code
    assert url not in repr(made)


def test_a_password_of_the_environment_is_not_taken_for_every_login(
    empty_postgres: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PGPASSWORD would win over the logins' own file."""
    monkeypatch.setenv("PGPASSWORD", "secret")
    assert refused(ExistingPostgres(tmp_path, empty_postgres.url())) == "password-in-environment"


def test_a_database_beside_is_dropped_at_the_end(empty_postgres: Database) -> None:
    """The replay's own database lives as long as its block."""
    like = f"select count(*) from pg_database where datname like '{empty_postgres.name}_replay_%'"  # noqa: S608 - our own name
    with beside(empty_postgres.url(), "replay") as url:
        with psycopg.connect(url) as connection:
            assert connection.info.dbname.startswith(f"{empty_postgres.name}_replay_")
        assert sql(empty_postgres, like) == [(1,)]
    assert sql(empty_postgres, like) == [(0,)]
