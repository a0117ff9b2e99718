"""What every invariant is made of: a statement that selects sentences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, LiteralString

import psycopg

Connection = psycopg.Connection[Any]
Invariant = Callable[[Connection, int], list[str]]
"""(connection, since) → violations; `since` in microseconds UTC, 0 for everything."""

MOST = 100  # violations told of each statement


def told(connection: Connection, statement: LiteralString, since: int) -> list[str]:
    """The first column of each row; the statement may use %(since)s and ends with limit %(most)s.

    What moved is a materialized `touched` that is joined, never `since = 0 or x in (select …)`: PostgreSQL answers that
    one by looking through the whole list for each row, once it is too long to be hashed (some 200,000).
    """
    return [row[0] for row in connection.execute(statement, {"since": since, "most": MOST})]
