"""A superuser rewrites the folded log in every way that comes to mind; an outsider with one checkpoint finds it."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import sql

from rempart.cli._log_audit import Verified
from rempart.domain.leaf import leaf
from rempart.domain.log_audit import Finding
from rempart.domain.merkle import climb, leaf_hash
from rempart.storage.log_audit import folded
from support.log_world import NOVEMBER, LogWorld, disclosure, insert

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE = 300  # leaves: one full tile and a partial one
Connection = psycopg.Connection[Any]
Chance = random.Random


def _one(connection: Connection, query: str, *values: object) -> Any:
    row = connection.execute(query, values).fetchone()
    assert row is not None
    return row[0]


def _some_id(connection: Connection, chance: Chance) -> int:
    number = chance.randrange(SIZE)
    return int(_one(connection, "select disclosure_id from rempart.leaf where number = %s", number))


def edit_a_text(connection: Connection, chance: Chance) -> None:
    column = chance.choice(("account", "client", "site", "operator", "insurer", "purpose", "evidence", "template"))
    edit = sql.SQL("update rempart.disclosure set {column} = {column} || 'x' where id = %s")
    connection.execute(edit.format(column=sql.Identifier(column)), (_some_id(connection, chance),))


def edit_the_outcome(connection: Connection, chance: Chance) -> None:
    connection.execute(
        "update rempart.disclosure set outcome = 'something else' where id = %s", (_some_id(connection, chance),)
    )


def edit_bytes(connection: Connection, chance: Chance) -> None:
    column = chance.choice(("grant_id", "tag"))
    bit = chance.randrange(128)
    edit = sql.SQL(
        "update rempart.disclosure set {column} = set_bit({column}, %s, 1 - get_bit({column}, %s)) where id = %s"
    )
    connection.execute(edit.format(column=sql.Identifier(column)), (bit, bit, _some_id(connection, chance)))


def move_in_time(connection: Connection, chance: Chance) -> None:
    id_, step = _some_id(connection, chance), chance.choice((-1, 1, 60_000_000))
    connection.execute("update rempart.disclosure set instant = instant + %s where id = %s", (step, id_))
    connection.execute("update rempart.leaf set instant = instant + %s where disclosure_id = %s", (step, id_))


def delete_a_disclosure(connection: Connection, chance: Chance) -> None:
    connection.execute("delete from rempart.disclosure where id = %s", (_some_id(connection, chance),))


def delete_disclosure_and_leaf(connection: Connection, chance: Chance) -> None:
    id_ = _some_id(connection, chance)
    connection.execute("delete from rempart.disclosure where id = %s", (id_,))
    connection.execute("delete from rempart.leaf where disclosure_id = %s", (id_,))


def close_the_gap_after_deleting(connection: Connection, chance: Chance) -> None:
    number = chance.randrange(SIZE)
    delete = "delete from rempart.disclosure where id = (select disclosure_id from rempart.leaf where number = %s)"
    connection.execute(delete, (number,))
    connection.execute("delete from rempart.leaf where number = %s", (number,))
    connection.execute("update rempart.leaf set number = -number where number > %s", (number,))
    connection.execute("update rempart.leaf set number = -number - 1 where number < 0")


def swap_two_leaves(connection: Connection, chance: Chance) -> None:
    one, two = chance.sample(range(SIZE), 2)
    connection.execute("update rempart.leaf set number = -1 where number = %s", (one,))
    connection.execute("update rempart.leaf set number = %s where number = %s", (one, two))
    connection.execute("update rempart.leaf set number = %s where number = -1", (two,))


def swap_two_leaves_in_order(connection: Connection, chance: Chance) -> None:
    """Swaps two disclosures with their leaves, giving each the other's id and transaction."""
    one, two = chance.sample(range(SIZE), 2)
    query = "select disclosure_id, tx::text, instant, salt, hash from rempart.leaf where number = %s"
    a = connection.execute(query, (one,)).fetchone()
    b = connection.execute(query, (two,)).fetchone()
    assert a is not None
    assert b is not None
    for number, other in ((one, b), (two, a)):
        connection.execute(
            "update rempart.leaf set instant = %s, salt = %s, hash = %s where number = %s", (*other[2:], number)
        )
    swap = "update rempart.disclosure set id = %s, tx = %s::xid8 where id = %s and instant = %s"
    connection.execute("alter table rempart.disclosure alter id drop identity")
    connection.execute(swap, (-1, a[1], a[0], a[2]))
    connection.execute(swap, (a[0], a[1], b[0], b[2]))
    connection.execute(swap, (b[0], b[1], -1, a[2]))


def reverse_a_stretch(connection: Connection, chance: Chance) -> None:
    first = chance.randrange(SIZE - 20)
    last = first + chance.randint(1, 19)
    stretch = (first, last)
    connection.execute("update rempart.leaf set number = -1 - number where number between %s and %s", stretch)
    connection.execute("update rempart.leaf set number = %s + 1 + number where number < 0", (first + last,))


def forge_a_disclosure_behind_the_folder(connection: Connection, chance: Chance) -> None:
    id_ = insert(connection, disclosure(chance.randrange(10**6)))
    tx = _one(connection, "select tx::text from rempart.leaf where number = %s", chance.randrange(SIZE))
    connection.execute("alter table rempart.disclosure alter id drop identity")
    connection.execute("update rempart.disclosure set tx = %s::xid8, id = -id where id = %s", (tx, id_))


def forge_a_leaf_in_the_middle(connection: Connection, chance: Chance) -> None:
    number, row, salt = chance.randrange(SIZE), disclosure(chance.randrange(10**6)), chance.randbytes(16)
    id_ = insert(connection, row)
    tx = _one(connection, "select tx::text from rempart.disclosure where id = %s", id_)
    connection.execute("update rempart.leaf set number = -2 - number where number >= %s", (number,))
    connection.execute("update rempart.leaf set number = -1 - number where number < 0")
    connection.execute(
        "insert into rempart.leaf values (%s, %s, %s, %s, %s::xid8, %s, %s)",
        (NOVEMBER, number, id_, row.instant, tx, salt, leaf_hash(leaf(row, salt))),
    )


def roll_back(connection: Connection, chance: Chance) -> None:
    """Cuts the end of the log off, with its checkpoints, as if it had never been."""
    size = chance.randrange(SIZE)
    connection.execute(
        "delete from rempart.disclosure d using rempart.leaf l where l.disclosure_id = d.id and number >= %s", (size,)
    )
    connection.execute("delete from rempart.leaf where number >= %s", (size,))
    connection.execute("delete from rempart.tile where (index + 1) * 256 > %s", (size,))
    connection.execute("delete from rempart.checkpoint where size > %s", (size,))
    connection.execute("update rempart.log_state set size = %s", (size,))


def cut_the_salt(connection: Connection, chance: Chance) -> None:
    """Shortens a salt, with a hash beside it that was made before."""
    id_ = _some_id(connection, chance)
    found = folded(connection, id_)
    assert found is not None
    for partition in ("leaf", f"leaf_{NOVEMBER}"):
        connection.execute(f"alter table rempart.{partition} drop constraint if exists leaf_salt_check")
    salt = found.salt[:15] + b"\0"
    connection.execute(
        "update rempart.leaf set salt = %s, hash = %s where disclosure_id = %s",
        (salt[: chance.choice((15, 8, 0))], leaf_hash(leaf(found.disclosure, salt)), id_),
    )


def change_the_salt(connection: Connection, chance: Chance) -> None:
    connection.execute(
        "update rempart.leaf set salt = %s where disclosure_id = %s",
        (chance.randbytes(16), _some_id(connection, chance)),
    )


def change_a_hash(connection: Connection, chance: Chance) -> None:
    connection.execute(
        "update rempart.leaf set hash = %s where disclosure_id = %s",
        (chance.randbytes(32), _some_id(connection, chance)),
    )


def change_a_tile(connection: Connection, chance: Chance) -> None:
    at = chance.randrange(8192)
    connection.execute("update rempart.tile set hashes = set_byte(hashes, %s, 255 - get_byte(hashes, %s))", (at, at))


def delete_a_tile(connection: Connection, chance: Chance) -> None:
    connection.execute("delete from rempart.tile")


def rewrite_everything_consistently(connection: Connection, chance: Chance) -> None:
    """Edits a disclosure and recomputes salt, leaf and tile, as somebody who runs our own code would."""
    id_ = _some_id(connection, chance)
    connection.execute("update rempart.disclosure set site = '759999999', outcome = 'covered' where id = %s", (id_,))
    found = folded(connection, id_)
    assert found is not None
    salt = chance.choice((found.salt, chance.randbytes(16)))
    hashed = leaf_hash(leaf(found.disclosure, salt))
    connection.execute("update rempart.leaf set salt = %s, hash = %s where disclosure_id = %s", (salt, hashed, id_))
    rows = connection.execute("select hash from rempart.leaf where number < 256 order by number").fetchall()
    hashes = [row[0] for row in rows]
    connection.execute("update rempart.tile set hashes = %s, root = %s", (b"".join(hashes), climb(hashes)))


def fold_a_row_again(connection: Connection, chance: Chance) -> None:
    """Gives a disclosure a second leaf at the end, without a fresh one to take its place."""
    connection.execute("drop index rempart.leaf_once")
    connection.execute(
        """insert into rempart.leaf
           select month, %s, disclosure_id, instant, tx, salt, hash from rempart.leaf where number = %s""",
        (SIZE, chance.randrange(SIZE)),
    )


def copy_a_disclosure(connection: Connection, chance: Chance) -> None:
    connection.execute("alter table rempart.disclosure alter id drop identity")
    connection.execute(
        "insert into rempart.disclosure select * from rempart.disclosure where id = %s", (_some_id(connection, chance),)
    )


def forge_a_checkpoint(connection: Connection, chance: Chance) -> None:
    at = chance.randrange(20, 150)
    connection.execute(
        "update rempart.checkpoint set note = set_byte(note, %s, (get_byte(note, %s) + 1) %% 128)", (at, at)
    )


def hide_the_newest_checkpoint(connection: Connection, chance: Chance) -> None:
    connection.execute("delete from rempart.checkpoint where size = (select max(size) from rempart.checkpoint)")


MANIPULATIONS: tuple[Callable[[Connection, Chance], None], ...] = (
    edit_a_text,
    edit_the_outcome,
    edit_bytes,
    move_in_time,
    delete_a_disclosure,
    delete_disclosure_and_leaf,
    close_the_gap_after_deleting,
    swap_two_leaves,
    swap_two_leaves_in_order,
    reverse_a_stretch,
    forge_a_disclosure_behind_the_folder,
    forge_a_leaf_in_the_middle,
    roll_back,
    cut_the_salt,
    change_the_salt,
    change_a_hash,
    change_a_tile,
    delete_a_tile,
    rewrite_everything_consistently,
    fold_a_row_again,
    copy_a_disclosure,
    forge_a_checkpoint,
    hide_the_newest_checkpoint,
)


def _found(
    world: LogWorld, connection: Connection, manipulation: Callable[[Connection, Chance], None], seed: int
) -> str:
    """The code of what the outsider finds after one manipulation, which is then undone; "" when nothing is found."""
    outcome: Verified | Finding | None = None
    with connection.transaction() as block:
        manipulation(connection, random.Random(seed))
        outcome = world.verify(connection)
        raise psycopg.Rollback(block)
    return outcome.code if isinstance(outcome, Finding) else ""


def _manipulate(world: LogWorld, seeds: range) -> Counter[str]:
    world.write(120)
    world.fold()
    world.sign()
    world.write(SIZE - 120)
    world.fold(most=1_000)
    world.sign()
    codes: Counter[str] = Counter()
    with world.connect() as connection:
        connection.execute("set session_replication_role = replica")  # a superuser passes by every trigger
        for seed in seeds:
            manipulation = MANIPULATIONS[seed % len(MANIPULATIONS)]
            code = _found(world, connection, manipulation, seed)
            assert code, f"{manipulation.__name__} with seed {seed} was not found"
            codes[code] += 1
            if seed % 10 == 0:
                honest = world.verify(connection)
                assert isinstance(honest, Verified), honest
    return codes


def test_every_kind_of_manipulation_is_found(world: LogWorld) -> None:
    """Each manipulation, twice with different luck, is found, and the honest log between them is not accused."""
    codes = _manipulate(world, range(2 * len(MANIPULATIONS)))
    assert len(codes) >= 8


@pytest.mark.soak
def test_a_thousand_random_manipulations_are_all_found(world: LogWorld) -> None:
    """1,000 of 1,000, with the honest log verified after every tenth."""
    assert _manipulate(world, range(1_000, 2_000)).total() == 1_000


def test_the_report_names_the_first_wrong_leaf(world: LogWorld) -> None:
    """An edited disclosure is named by its leaf; a consistent rewrite by the stretch between two checkpoints."""
    world.write(50)
    world.fold()
    world.sign()
    world.write(50)
    world.fold()
    world.sign()
    with world.connect() as connection:
        connection.execute("set session_replication_role = replica")
        id_ = _one(connection, "select disclosure_id from rempart.leaf where number = 70")
        connection.execute("update rempart.disclosure set site = '759999999' where id = %s", (id_,))
        edited = world.verify(connection)
        row = folded(connection, id_)
        assert row is not None
        connection.execute(
            "update rempart.leaf set hash = %s where number = 70", (leaf_hash(leaf(row.disclosure, row.salt)),)
        )
        rewritten = world.verify(connection)
    assert isinstance(edited, Finding)
    assert (edited.code, edited.number) == ("leaf-differs", 70)
    assert isinstance(rewritten, Finding)
    assert (rewritten.code, rewritten.number) == ("root-differs", 50)
    assert "leaves 50 to 99" in rewritten.reason
