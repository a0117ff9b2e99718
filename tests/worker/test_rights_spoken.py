"""Words of an insurer's own people on a file in quarantine: two different ones, or one and an officer, release it."""

from __future__ import annotations

import psycopg
import pytest

from rempart.bootstrap.rights import release_agreed
from rempart.worker.rights_outcome import Outcome
from rempart.worker.rights_release import complete
from support.rights_world import NOW, RightsWorld

pytestmark = pytest.mark.postgres
ONE, TWO, WORKER, STRANGER = "a000000manager01", "a000000manager02", "a0000000worker01", "a00000otherman01"
OTHERS = "0000409999"


@pytest.fixture
def held(world: RightsWorld) -> int:
    """A file that ends the rights of a tenth of the people, and the insurer's people."""
    world.full(range(50))
    with psycopg.connect(world.database.url("admin"), autocommit=True) as admin:
        admin.execute(
            "insert into rempart.insurer (insurer, name, operator, member_rule, since) values (%s, 'X', 'op', '{}', 0)",
            (OTHERS,),
        )
        for account, role, insurer in (
            (ONE, "insurer-manager", world.insurer), (TWO, "insurer-manager", world.insurer),
            (WORKER, "case-worker", world.insurer), (STRANGER, "insurer-manager", OTHERS),
        ):  # fmt: skip
            admin.execute("insert into rempart.client (client, kind, registered) values (%s, 'account', 0)", (account,))
            admin.execute(
                "insert into rempart.account (account, operator, role, invited, insurer) values (%s, 'op', %s, 0, %s)",
                (account, role, insurer),
            )
    return world.full(range(40), sequence=2).rights_file


def speak(world: RightsWorld, number: int, account: str, verdict: str = "release", insurer: str = "") -> str:
    """As the hub says it."""
    with psycopg.connect(world.database.url("hub"), autocommit=True) as hub:
        row = hub.execute(
            "select rempart.speak_on_rights(%s, %s, %s, %s, %s)",
            (insurer or world.insurer, number, account, verdict, NOW),
        ).fetchone()
    assert row is not None
    return str(row[0])


def carried_out(world: RightsWorld, number: int) -> Outcome:
    """As the worker does."""
    with world.keeper.load_socket() as keeper:
        return complete(world.connection, keeper, number, instant=NOW)


def test_two_managers_release_and_the_worker_carries_it_out(world: RightsWorld, held: int) -> None:
    """One is not enough, the same one twice neither, and the worker does nothing before the second has spoken."""
    assert speak(world, held, ONE) == "second-officer-missing"
    assert speak(world, held, ONE) == "officer-already-spoke"
    assert carried_out(world, held).code == "second-officer-missing"
    assert world.open_count() == 50
    assert release_agreed(world.keeper.settings, world.connection, NOW) == []
    assert speak(world, held, TWO) == "released"
    (done,) = release_agreed(world.keeper.settings, world.connection, NOW)
    assert (done.rights_file, done.state, done.code) == (held, "applied", "released")
    assert world.open_count() == 40
    assert speak(world, held, TWO) == "not-in-quarantine"
    assert carried_out(world, held).code == "not-in-quarantine"


def test_a_manager_and_an_officer_on_the_command_line_are_two(world: RightsWorld, held: int) -> None:
    """Whoever comes second completes it."""
    assert speak(world, held, ONE) == "second-officer-missing"
    assert world.release(held, "anne").state == "applied"
    assert world.open_count() == 40


def test_one_manager_refuses_and_the_number_is_free_again(world: RightsWorld, held: int) -> None:
    """The earlier rights go on; a word after that counts no more."""
    speak(world, held, ONE)
    assert speak(world, held, TWO, "refuse") == "refused"
    assert carried_out(world, held).code == "not-in-quarantine"
    assert world.open_count() == 50
    assert world.full(range(50), sequence=2).state == "applied"


def test_only_a_manager_of_that_insurer_speaks(world: RightsWorld, held: int) -> None:
    """A case worker and another insurer's manager are stopped in the database; its own insurer has no such file."""
    for account in (WORKER, STRANGER, "nobody"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            speak(world, held, account)
    assert speak(world, held, STRANGER, insurer=OTHERS) == "not-found"
    assert speak(world, held + 1_000, ONE) == "not-found"


def test_a_file_that_is_being_released_is_not_waited_for(world: RightsWorld, held: int) -> None:
    """The person is told to try again, and no connection of the hub hangs on it."""
    with psycopg.connect(world.database.url("worker")) as busy:
        busy.execute("select from rempart.rights_file where rights_file = %s for update", (held,))
        with pytest.raises(psycopg.errors.LockNotAvailable):
            speak(world, held, ONE)
