"""Array literals: what is written is what PostgreSQL reads, whatever the values hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.storage.arrays import blobs, numbers, texts
from rempart.storage.embedded import EmbeddedPostgres

pytestmark = pytest.mark.postgres

HOSTILE = [
    '"',
    "\\",
    '\\"',
    '","',
    "{}",
    "NULL",
    "null",
    "",
    " ",
    ",",
    "a\nb",
    "é€😀",
    '\\",NULL,"',
    "'; drop table x; --",
]
Connection = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def server(postgres_server: EmbeddedPostgres) -> Iterator[Connection]:
    """A connection to a real server."""
    with psycopg.connect(postgres_server.url("admin", "postgres"), autocommit=True) as connection:
        yield connection


def read(server: Connection, kind: str, literal: str) -> list[Any]:
    """What the server makes of it."""
    cast = {"text": "select %s::text::text[]", "int": "select %s::text::bigint[]", "bytea": "select %s::text::bytea[]"}
    found = server.execute(cast[kind].encode(), (literal,)).fetchone()
    assert found is not None
    return list(found[0])


def test_no_text_ends_its_quotes(server: Connection) -> None:
    """Quotes, backslashes, braces, the word NULL and nothing at all come back as they were, alone and together."""
    assert read(server, "text", texts(HOSTILE)) == HOSTILE
    for value in HOSTILE:
        assert read(server, "text", texts([value])) == [value]
    assert read(server, "text", texts([])) == []


@given(values=st.lists(st.text(st.characters(blacklist_characters="\x00", blacklist_categories=("Cs",)), max_size=12)))
def test_any_texts_come_back(server: Connection, values: list[str]) -> None:
    """The round trip of texts."""
    assert read(server, "text", texts(values)) == values


@given(values=st.lists(st.one_of(st.none(), st.binary(max_size=40))), counts=st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_any_bytes_and_numbers_come_back(server: Connection, values: list[bytes | None], counts: list[int]) -> None:
    """The round trip of bytes, NULL among them, and of numbers."""
    assert read(server, "bytea", blobs(values)) == values
    assert read(server, "int", numbers(counts)) == counts
