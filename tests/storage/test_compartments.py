"""Closing takes one person, opening two different ones, whoever writes the statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from rempart.domain.identifiers import Fault
from rempart.storage.compartments import Opening, close, compartments, open_again

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.databases import Database

pytestmark = pytest.mark.postgres


@pytest.fixture
def worker(postgres: Database) -> Iterator[psycopg.Connection[Any]]:
    """The worker's connection, autocommit."""
    with psycopg.connect(postgres.url("worker"), autocommit=True) as connection:
        yield connection


def test_two_different_people_open(worker: psycopg.Connection[Any]) -> None:
    """One voice is not enough, the same person's second neither; a different one opens."""
    assert close(worker, "hub", "drill", 10) is None
    assert open_again(worker, "hub", "Anne", 11) == Opening("closed", ("anne",))
    assert open_again(worker, "hub", "  ANNE ", 12) == Fault("officer", "officer-already-spoke")
    assert compartments(worker)[0].agreed == ("anne",)
    assert open_again(worker, "hub", "Bruno", 13) == Opening("open", ("anne", "bruno"))
    assert [(row.compartment, row.state) for row in compartments(worker)] == [("hub", "open")]
    assert open_again(worker, "hub", "Chloe", 14) == Fault("compartment", "not-closed")


def test_what_was_said_of_one_closing_opens_no_later_one(worker: psycopg.Connection[Any]) -> None:
    """Closed again, even while closed or with an instant that stands still, it needs two new voices."""
    close(worker, "hub", "drill", 10)
    open_again(worker, "hub", "anne", 11)
    close(worker, "hub", "again", 10)
    assert open_again(worker, "hub", "bruno", 12) == Opening("closed", ("bruno",))
    assert open_again(worker, "hub", "anne", 13) == Opening("open", ("bruno", "anne"))
    worker.execute("update rempart.compartment set state = 'closed'")
    with pytest.raises(psycopg.errors.CheckViolation):
        worker.execute("update rempart.compartment set state = 'open'")


@pytest.mark.parametrize("role", ["worker", "owner", "admin"])
@pytest.mark.parametrize(
    "statement",
    [
        "update rempart.compartment set state = 'open'",
        "update rempart.compartment set state = 'restricted'",
        "update rempart.compartment set compartment = 'channel:api'",
        "delete from rempart.compartment",
    ],
)
def test_raw_sql_cannot_open_alone(
    worker: psycopg.Connection[Any], postgres: Database, role: str, statement: str
) -> None:
    """Neither by state, nor by moving or deleting the row; the voices cannot be rewritten."""
    close(worker, "hub", "drill", 10)
    open_again(worker, "hub", "anne", 11)
    with psycopg.connect(postgres.url(role), autocommit=True) as raw:
        with pytest.raises(psycopg.Error) as refused:
            raw.execute(statement.encode())
        assert refused.value.sqlstate in {"23514", "42501"}
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            raw.execute("update rempart.compartment_opening set officer = 'bruno'")
    assert compartments(worker)[0].state == "closed"


@pytest.mark.parametrize(
    ("name", "reason", "code"),
    [
        ("everything", "drill", "compartment-unknown"),
        ("insurer:12", "drill", "compartment-unknown"),
        ("hub", "Mme Martin, née 1985", "reason-shape"),
        ("hub", "", "reason-shape"),
    ],
)
def test_a_name_or_reason_that_is_none_closes_nothing(
    worker: psycopg.Connection[Any], name: str, reason: str, code: str
) -> None:
    """A misspelt compartment would close nothing and reassure; a reason is no place for a person."""
    fault = close(worker, name, reason, 10)
    assert fault is not None
    assert (fault.code, compartments(worker)) == (code, ())
