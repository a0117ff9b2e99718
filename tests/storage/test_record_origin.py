"""Where a record comes from: the file that changed it last, whatever came since."""

from __future__ import annotations

import psycopg
import pytest

from support.databases import Database

pytestmark = pytest.mark.postgres
INSURER = "0000401166"
KEY, OTHER = bytes(16), b"\x01" * 16


def test_the_file_that_changed_it_last_is_named(postgres: Database) -> None:
    """Of three files the second changed this record and the third did not; another one is still the first's."""
    with psycopg.connect(postgres.url("admin"), autocommit=True) as connection:
        connection.execute(
            "insert into rempart.insurer (insurer, name, operator, member_rule, since) values (%s, 'M', 'o', '{}', 0)",
            (INSURER,),
        )
        for number in (1, 2, 3):
            (generation,) = connection.execute(
                "insert into rempart.generation (insurer, kind, key_version, created, applied) "
                "values (%s, 'full', 1, %s, %s) returning generation", (INSURER, number, number),
            ).fetchone() or (0,)  # fmt: skip
            connection.execute(
                "insert into rempart.rights_file (insurer, kind, sequence, digest, created, received, generation, "
                "state) values (%s, 'full', %s, 'd', %s, %s, %s, 'applied')",
                (INSURER, number, number, number, generation),
            )  # fmt: skip
        connection.execute(
            "insert into rempart.record_replaced (insurer, key_version, replaced, record_key) values (%s, 1, 2, %s)",
            (INSURER, KEY),
        )
    with psycopg.connect(postgres.url("hub")) as connection:
        for key, sequence in ((KEY, 2), (OTHER, 1)):
            row = connection.execute(
                "select sequence, wrapped from rempart.record_origin(%s, %s, %s)", (INSURER, key, KEY)
            ).fetchone()
            assert row == (sequence, None)
