"""The grants matrix, walked: each statement that is not allowed is really tried, as each role, and refused."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import sql

from rempart.bootstrap.checks import grants

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.databases import Database

# Tables as a whole, and one partition of each kind: others are the same by construction.
TABLES = """
select c.relname::text, a.attname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where n.nspname = 'rempart' and c.relkind in ('r', 'p')
  and (not c.relispartition or c.relname in ('disclosure_24322', 'checkpoint_0'))"""


@pytest.fixture(scope="module")
def matrix(postgres_server: Any, postgres_template: str) -> Iterator[Database]:
    """One migrated database for the whole walk."""
    from support.databases import Database

    postgres_server.make_database("grants_walk", template=postgres_template)
    yield Database(postgres_server, "grants_walk")
    postgres_server.drop_database("grants_walk")


def _columns(database: Database) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    with psycopg.connect(database.url()) as admin:
        for table, column in admin.execute(TABLES).fetchall():
            found[table].append(column)
    return found


def _statement(table: str, column: str, what: str) -> sql.Composed:
    names = {"table": sql.Identifier("rempart", table), "column": sql.Identifier(column)}
    texts = {
        "select": "select {column} from {table} limit 0",
        "insert": "insert into {table} ({column}) values (default)",
        "update": "update {table} set {column} = default where false",
        "delete": "delete from {table} where false",
        "truncate": "truncate {table}",
    }
    return sql.SQL(texts[what]).format(**names)  # type: ignore[arg-type]  # the texts are the five above


def _passes(connection: psycopg.Connection[Any], right: grants.Right) -> bool:
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(_statement(*right))
    except psycopg.errors.InsufficientPrivilege:
        return False
    except psycopg.errors.IntegrityError:
        return True  # allowed to write; what it wrote was incomplete
    return True


def _all_rights(columns: dict[str, list[str]]) -> set[grants.Right]:
    rights = {(t, c, what) for t, names in columns.items() for c in names for what in ("select", "insert", "update")}
    return rights | {(table, names[0], what) for table, names in columns.items() for what in ("delete", "truncate")}


@pytest.mark.parametrize("role", ["hub", "auditor"])
def test_nothing_passes_but_what_is_written(matrix: Database, role: str) -> None:
    """Every select, insert, update, delete and truncate on every column: exactly the allowed ones pass."""
    columns = _columns(matrix)
    allowed = grants._expanded(grants.HUB if role == "hub" else grants.AUDITOR, columns)
    with psycopg.connect(matrix.url(role), autocommit=True) as connection:
        passed = {right for right in _all_rights(columns) if _passes(connection, right)}
    assert passed == allowed


def test_the_worker_writes_no_disclosure_and_changes_no_fact(matrix: Database) -> None:
    """Each statement that is forbidden to the worker is refused to it."""
    columns = _columns(matrix)
    forbidden = {
        (table, columns[table][0] if column == grants.ALL else column, what)
        for table, column, what in grants._expanded(grants.WORKER_NEVER, columns)
    }
    assert len(forbidden) > 100
    with psycopg.connect(matrix.url("worker"), autocommit=True) as connection:
        assert not {right for right in forbidden if _passes(connection, right)}


@pytest.mark.parametrize("role", ["hub", "worker", "auditor"])
def test_no_program_makes_or_drops_anything(matrix: Database, role: str) -> None:
    """Nor disables a trigger, nor becomes another role."""
    statements = (
        "create table rempart.mine (x int)",
        "drop table rempart.transfer",
        "alter table rempart.transfer disable trigger append_only",
        "set session_replication_role = replica",
        "set role rempart_owner",
        "create or replace function rempart.refuse_change() returns trigger language sql as 'select null'",
    )
    with psycopg.connect(matrix.url(role), autocommit=True) as connection:
        for statement in statements:
            with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidFunctionDefinition)):
                connection.execute(statement)


def test_facts_resist_their_owner(matrix: Database) -> None:
    """The owner may, the trigger may not: a transfer cannot be changed without disabling it, which doctor sees."""
    with psycopg.connect(matrix.url("owner"), autocommit=True) as owner:
        owner.execute(
            "insert into rempart.transfer (debit, credit, amount, kind, subject, instant) "
            "values ('a', 'b', 1, 'test', gen_random_uuid(), 0)"
        )
        for statement in ("update rempart.transfer set amount = 2", "delete from rempart.transfer"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                owner.execute(statement)
