"""An empty database on somebody else's PostgreSQL 15 to 18, made ready for one house: the demo and the replay.

Reached by a URL of a superuser, or of a role that owns the database and may make roles. The four group roles are made
when missing; the four logins carry the database's number in their names, have passwords of their own that lie in a
0600 file, and go when the house stops. The schema stays to be looked at; the next house in that database begins anew.
"""

from __future__ import annotations

import contextlib
import importlib.resources
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from rempart.ground.files import private_folder, write_whole
from rempart.storage.embedded import LOGINS
from rempart.storage.migrate import VERSION_TABLE, upgrade

if TYPE_CHECKING:
    from psycopg import Connection

OLDEST, NEWEST = 15, 18
MARK = "a house of invented people: the next one in this database drops it"
LOCK = 0x72656D70686F7573  # "remphous"; the advisory lock of the house that uses the database
KEPT = ("sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl")  # of the URL given; psycopg and asyncpg know them


class ExistingPostgresError(RuntimeError):
    """The database cannot be used, and was left as it was. `code` is stable, the text says what to do."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass
class ExistingPostgres:
    """The database at `given`; `folder` (made private) takes the file of the logins' passwords."""

    folder: Path
    given: str = field(repr=False)
    pid: int | None = field(default=None, init=False)
    """Unknown: the server may be on another machine."""
    log: Path | None = field(default=None, init=False)
    """The server's log is not ours to read."""
    _held: Connection[Any] | None = field(default=None, init=False, repr=False)
    _names: dict[str, str] = field(default_factory=dict, init=False)

    def start(self) -> None:
        """Checks, empties what a house before left, makes roles and logins, migrates. Raises ExistingPostgresError."""
        if self._held is not None:
            return
        connection = self._held = _connected(self.given)
        try:
            for check in CHECKS:
                check(connection)
            self._prepare(connection)
            self._sign_in()
            upgrade(self.url("owner"))
            connection.execute(sql.SQL("comment on schema rempart is {}").format(MARK))
        except psycopg.errors.InsufficientPrivilege as error:
            self.stop()
            said = error.diag.message_primary or "not told"
            raise ExistingPostgresError("rights-missing", f"{RIGHTS} (the server says: {said})") from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Drops the logins, keeps the schema. Safe to call twice."""
        connection, self._held = self._held, None
        if connection is None:
            return
        with contextlib.suppress(psycopg.Error):  # lost: the next house gives the logins new passwords
            for login in self._names.values():
                connection.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(login)))
        connection.close()

    def url(self, role: str = "admin") -> str:
        """Connection URL for `admin` (as it was given) or one of the four logins, whose URLs hold no secret."""
        if role == "admin":
            return self.given
        if self._held is None:
            raise ExistingPostgresError("not-started", "the database is not prepared yet")
        info, given = self._held.info, conninfo_to_dict(self.given)
        options = {"host": info.host, "port": str(info.port), "passfile": str(self._passfile)}
        options |= {name: str(given[name]) for name in KEPT if given.get(name)}
        return f"postgresql://{self._names[role]}@/{quote(info.dbname, safe='')}?{urlencode(options, quote_via=quote)}"

    @property
    def _passfile(self) -> Path:
        return self.folder.absolute() / "logins.pgpass"

    def _prepare(self, connection: Connection[Any]) -> None:
        private_folder(self.folder)
        (number,) = _one(connection, "select oid::bigint from pg_database where datname = current_database()")
        self._names = {role: f"rempart_demo_{number}_{role}" for role in LOGINS}
        passwords = {role: secrets.token_urlsafe(24) for role in LOGINS}
        lines = [f"*:*:*:{self._names[role]}:{password}\n" for role, password in passwords.items()]
        write_whole(self._passfile, "".join(lines).encode())
        with connection.transaction():
            connection.execute((importlib.resources.files("rempart.storage.sql") / "roles.sql").read_bytes())
            _share(connection)
            _empty(connection)
            for role, group in LOGINS.items():
                self._login(connection, role, group, passwords[role])

    def _login(self, connection: Connection[Any], role: str, group: str, password: str) -> None:
        name = self._names[role]
        known = connection.execute("select 1 from pg_roles where rolname = %s", (name,)).fetchone()
        # The verifier is made here, so that no password reaches the server or its log.
        verifier = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
        verb = "alter role {} login password {}" if known else "create role {} login password {}"
        connection.execute(sql.SQL(verb).format(sql.Identifier(name), verifier))
        connection.execute(sql.SQL("grant {} to {}").format(sql.Identifier(group), sql.Identifier(name)))
        if role == "owner":  # what a migration makes belongs to the group, not to one login
            words = sql.SQL("alter role {} set role = {}")
            connection.execute(words.format(sql.Identifier(name), sql.Identifier(group)))

    def _sign_in(self) -> None:
        for role in LOGINS:
            try:
                psycopg.connect(self.url(role), connect_timeout=10).close()
            except psycopg.OperationalError as error:
                todo = "let pg_hba.conf take passwords (scram-sha-256) from here for this database, or reach it by TCP"
                sentence = f"the login {self._names[role]} was made and cannot sign in: {todo}"
                raise ExistingPostgresError("sign-in-refused", sentence) from error


RIGHTS = (
    "this role may not do what is needed: name a superuser, or a role that owns the database, has CREATEROLE and, "
    "where the roles rempart_owner, rempart_hub, rempart_worker and rempart_auditor exist, may grant them"
)


def _version(connection: Connection[Any]) -> None:
    major = connection.info.server_version // 10_000
    if not OLDEST <= major <= NEWEST:
        sentence = f"the server is PostgreSQL {major}: use {OLDEST} to {NEWEST}"
        raise ExistingPostgresError("database-version", sentence)


def _encoding(connection: Connection[Any]) -> None:
    if connection.info.parameter_status("server_encoding") != "UTF8":
        raise ExistingPostgresError("database-encoding", "the database is not UTF-8: make it with encoding 'UTF8'")


def _rights(connection: Connection[Any]) -> None:
    (enough,) = _one(
        connection,
        "select r.rolsuper or (r.rolcreaterole and pg_has_role(d.datdba, 'usage')) from pg_roles r, pg_database d "
        "where r.rolname = current_user and d.datname = current_database()",
    )
    if not enough:
        raise ExistingPostgresError("rights-missing", RIGHTS)


def _alone(connection: Connection[Any]) -> None:
    (ours,) = _one(connection, "select pg_try_advisory_lock(%s)", LOCK)
    if not ours:
        raise ExistingPostgresError("database-in-use", "another house runs in this database: stop it, or use another")


def _unclaimed(connection: Connection[Any]) -> None:
    """Only a schema of a house before, or an empty one, may be dropped."""
    (mark, objects, versions) = _one(
        connection,
        "select obj_description(to_regnamespace('rempart'), 'pg_namespace'), "
        "(select count(*) from pg_class where relnamespace = to_regnamespace('rempart')) + "
        "(select count(*) from pg_proc where pronamespace = to_regnamespace('rempart')), to_regclass(%s) is not null",
        VERSION_TABLE,
    )
    if mark != MARK and (objects or versions):
        sentence = (
            "the database holds a schema `rempart` that no demo made: it may be real, and is left alone; "
            "name an empty database"
        )
        raise ExistingPostgresError("schema-taken", sentence)


CHECKS = (_version, _encoding, _rights, _alone, _unclaimed)


@contextmanager
def beside(url: str, name: str) -> Iterator[str]:
    """A new empty database on the same server, dropped at the end; its URL. Raises ExistingPostgresError."""
    with _connected(url) as connection:
        chosen = f"{connection.info.dbname[:40]}_{name}_{secrets.token_hex(4)}"
        made = sql.Identifier(chosen)
        try:
            connection.execute(sql.SQL("create database {} template template0 encoding 'UTF8'").format(made))
        except psycopg.errors.InsufficientPrivilege as error:
            sentence = "this role may not make a second database: give it CREATEDB"
            raise ExistingPostgresError("rights-missing", sentence) from error
        try:
            yield make_conninfo(url, dbname=chosen)
        finally:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(made))


def _share(connection: Connection[Any]) -> None:
    """Groups reach the database, their owner may build in it, and the role that prepares it may read what is built."""
    groups = sql.SQL(", ").join(map(sql.Identifier, LOGINS.values()))
    database = sql.Identifier(connection.info.dbname)
    owner = sql.Identifier(LOGINS["owner"])
    connection.execute(sql.SQL("grant connect on database {} to {}").format(database, groups))
    connection.execute(sql.SQL("grant create on database {} to {}").format(database, owner))
    connection.execute(sql.SQL("grant usage, create on schema public to {}").format(owner))
    (member,) = _one(connection, "select pg_has_role(%s, 'usage')", LOGINS["owner"])
    if not member:
        connection.execute(sql.SQL("grant {} to current_user").format(owner))


def _empty(connection: Connection[Any]) -> None:
    connection.execute("drop schema if exists rempart cascade")
    connection.execute(sql.SQL("drop table if exists {}").format(sql.Identifier(VERSION_TABLE)))


def _connected(url: str) -> Connection[Any]:
    if os.environ.get("PGPASSWORD"):
        sentence = "PGPASSWORD is set and would be taken for every login: unset it, use passfile=… in the URL"
        raise ExistingPostgresError("password-in-environment", sentence)
    try:
        return psycopg.connect(url, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        sentence = "the database does not answer: look whether it runs and whether the URL is right"
        raise ExistingPostgresError("database-unreachable", sentence) from error
    except psycopg.ProgrammingError as error:
        raise ExistingPostgresError(
            "database-url", "this is no URL of PostgreSQL: postgresql://user@host/name"
        ) from error


def _one(connection: Connection[Any], statement: str, *arguments: object) -> tuple[Any, ...]:
    row = connection.execute(statement.encode(), arguments or None).fetchone()
    if row is None:
        raise ExistingPostgresError("database-unreachable", "the server gave no answer to a question about itself")
    return tuple(row)
