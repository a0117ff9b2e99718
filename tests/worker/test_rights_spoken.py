"""Words of an insurer's own people on a file in quarantine: two who signed it, or one and an officer, release it.

The keeper is the program itself; words are signed at it, and written as the hub writes them.
"""

from __future__ import annotations

import hashlib
from typing import Any

import psycopg
import pytest

from rempart.bootstrap.rights import proof, release_agreed
from rempart.worker.rights_outcome import Outcome
from rempart.worker.rights_release import complete, release
from support.people import Door
from support.rights_words import Manager, door_of, manager
from support.rights_words import release as signed_release
from support.rights_world import NOW, RightsWorld, line

pytestmark = pytest.mark.postgres
WORKER, STRANGER = "a0000000worker01", "a00000otherman01"
OTHERS = "0000409999"
MADE_UP = bytes(300)
"""As long as an approval, and none."""


@pytest.fixture
def door(world: RightsWorld) -> Door:
    """The keeper's portal."""
    return door_of(world.keeper.settings)


@pytest.fixture
def people(world: RightsWorld, door: Door) -> tuple[Manager, Manager]:
    """Two managers of the insurer, with passkeys; further accounts in the database alone."""
    found = manager(door, world.insurer), manager(door, world.insurer)
    with psycopg.connect(world.database.url("admin"), autocommit=True) as admin:
        admin.execute(
            "insert into rempart.insurer (insurer, name, operator, member_rule, since) values (%s, 'X', 'op', '{}', 0)",
            (OTHERS,),
        )
        for account, role, insurer in (
            *((each.account, "insurer-manager", world.insurer) for each in found),
            (WORKER, "case-worker", world.insurer), (STRANGER, "insurer-manager", OTHERS),
        ):  # fmt: skip
            admin.execute("insert into rempart.client (client, kind, registered) values (%s, 'account', 0)", (account,))
            admin.execute(
                "insert into rempart.account (account, operator, role, invited, insurer) values (%s, 'op', %s, 0, %s)",
                (account, role, insurer),
            )
    return found


@pytest.fixture
def held(world: RightsWorld) -> int:
    """A file that ends the rights of a fifth of the people."""
    world.full(range(50))
    return world.full(range(40), sequence=2).rights_file


def told(world: RightsWorld, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """What the worker reads."""
    return world.connection.execute(statement.encode(), values).fetchall()


def signed(world: RightsWorld, door: Door, by: Manager, number: int) -> bytes:
    """The keeper's approval of a manager's yes to that file."""
    ((digest,),) = told(world, "select digest from rempart.rights_file where rights_file = %s", number)
    found = signed_release(door, by, (world.insurer, str(number), digest.hex()))
    assert found.refusal == ""
    return bytes(found.approval)


def speak(world: RightsWorld, number: int, account: str, approval: bytes | None, insurer: str = "") -> str:
    """As the hub says it; without an approval it is a refusal."""
    return said(world, number, account, "refuse" if approval is None else "release", approval, insurer)


def said(world: RightsWorld, number: int, account: str, verdict: str, approval: bytes | None, insurer: str = "") -> str:
    with psycopg.connect(world.database.url("hub"), autocommit=True) as hub:
        row = hub.execute(
            "select rempart.speak_on_rights(%s, %s, %s, %s, %s, %s)",
            (insurer or world.insurer, number, account, verdict, approval, NOW),
        ).fetchone()
    assert row is not None
    return str(row[0])


def carried_out(world: RightsWorld, number: int) -> Outcome:
    """As the worker does."""
    with world.keeper.load_socket() as keeper:
        return complete(world.connection, keeper, number, instant=NOW, proof=proof(world.keeper.settings))


def alarms(world: RightsWorld) -> list[tuple[Any, ...]]:
    return told(
        world, "select counts, context from rempart.alarm where code = 'rights-release-unproven' order by alarm"
    )


Two = tuple[Manager, Manager]


def test_two_managers_release_and_the_worker_carries_it_out(
    world: RightsWorld, door: Door, people: Two, held: int
) -> None:
    """One is not enough, the same one twice neither, and the worker does nothing before the second has signed."""
    (one, first), (two, second) = ((each.account, signed(world, door, each, held)) for each in people)
    assert speak(world, held, one, first) == "second-officer-missing"
    assert speak(world, held, one, signed(world, door, people[0], held)) == "officer-already-spoke"
    assert carried_out(world, held).code == "second-officer-missing"
    assert world.open_count() == 50
    assert release_agreed(world.keeper.settings, world.connection, NOW) == []
    assert speak(world, held, two, second) == "released"
    (done,) = release_agreed(world.keeper.settings, world.connection, NOW)
    assert (done.rights_file, done.state, done.code) == (held, "applied", "released")
    assert world.open_count() == 40
    assert alarms(world) == []
    assert speak(world, held, two, second) == "not-in-quarantine"
    assert carried_out(world, held).code == "not-in-quarantine"


def test_the_digest_that_is_signed_is_of_the_files_first_line(world: RightsWorld) -> None:
    """Sealed or not, without the line's end: the insurer makes it of its own file."""
    file = world.file([line(1)])
    number = world.load(world.sealed(file)).rights_file
    ((digest,),) = told(world, "select digest from rempart.rights_file where rights_file = %s", number)
    assert {hashlib.sha256(each.split(b"\n")[0]).digest() for each in (file, world.sealed(file))} == {digest}


def test_a_hub_with_two_managers_names_writes_no_release_without_the_keeper(
    world: RightsWorld, people: Two, held: int
) -> None:
    """The function that it may call takes no word without an approval; no row is left behind."""
    for each in people:
        for approval in (None, b"", bytes(31)):
            assert said(world, held, each.account, "release", approval) == "approval-unproven"
    assert told(world, "select from rempart.rights_release where rights_file = %s", held) == []
    row = (held, "account:" + people[0].account, MADE_UP)
    with (
        psycopg.connect(world.database.url("hub"), autocommit=True) as hub,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        hub.execute("insert into rempart.rights_release values (%s, %s, 'release', 1, %s)", row)
    assert carried_out(world, held).code == "second-officer-missing"


def test_words_that_a_hub_made_up_release_nothing_and_ring(
    world: RightsWorld, door: Door, people: Two, held: int
) -> None:
    """Two made up; one real and one copied from it: the file stays, the alarm rings once for what there is."""
    one, two = (each.account for each in people)
    assert speak(world, held, one, MADE_UP) == "second-officer-missing"
    assert speak(world, held, two, MADE_UP) == "released"
    rang: list[str] = []
    for _ in range(2):
        believed = proof(world.keeper.settings, rang.append)
        (done,) = release_agreed(world.keeper.settings, world.connection, NOW, believed)
        assert (done.state, done.code) == ("quarantined", "approval-unproven")
    assert rang == ["rights-release-unproven"]
    assert alarms(world) == [({"words": 2, "people": 0}, {"file": held})]
    assert world.open_count() == 50
    # An honest file beside it, after an officer refused this one.
    assert world.refuse(held, "anne").state == "refused"
    beside = world.full(range(40), sequence=2).rights_file
    for each in people:
        speak(world, beside, each.account, signed(world, door, each, beside))
    assert carried_out(world, beside).state == "applied"


@pytest.mark.parametrize("copied", ["the first's own", "of another file", "of one's own earlier yes"])
def test_one_real_word_and_one_that_is_not_are_one_person(
    world: RightsWorld, door: Door, people: Two, held: int, copied: str
) -> None:
    """A hub that saw one manager sign has one word: copied, or of another file, it is nobody's second."""
    real = signed(world, door, people[0], held)
    second = real
    if copied == "of another file":
        found = signed_release(door, people[1], (world.insurer, str(held + 1), "47" * 32))
        second = found.approval
    elif copied == "of one's own earlier yes":
        second = signed(world, door, people[0], held)
    assert speak(world, held, people[0].account, real) == "second-officer-missing"
    assert speak(world, held, people[1].account, second) == "released"
    assert carried_out(world, held).code == "approval-unproven"
    assert alarms(world) == [({"words": 2, "people": 1}, {"file": held})]
    assert world.open_count() == 50


def test_a_made_up_word_does_not_complete_an_officers(world: RightsWorld, door: Door, people: Two, held: int) -> None:
    """On the command line it counts for nobody either; with a second officer, or a signed word, it is released."""
    speak(world, held, people[0].account, MADE_UP)
    with world.keeper.load_socket() as keeper:
        believed = proof(world.keeper.settings)
        done = release(world.connection, keeper, held, "anne", instant=NOW, proof=believed)
        assert (done.state, done.code) == ("quarantined", "approval-unproven")
        for name in ("account:" + people[1].account, "Account:x", " "):
            refused = release(world.connection, keeper, held, name, instant=NOW, proof=believed)
            assert refused.code == "officer-missing"
    assert world.open_count() == 50
    assert speak(world, held, people[1].account, signed(world, door, people[1], held)) == "released"
    assert carried_out(world, held).state == "applied"
    assert world.open_count() == 40


def test_a_manager_and_an_officer_on_the_command_line_are_two(
    world: RightsWorld, door: Door, people: Two, held: int
) -> None:
    """Whoever comes second completes it; without a keeper to ask, the manager's word is nobody's."""
    assert speak(world, held, people[0].account, signed(world, door, people[0], held)) == "second-officer-missing"
    with world.keeper.load_socket() as keeper:
        done = release(world.connection, keeper, held, "anne", instant=NOW)
        assert (done.state, done.code) == ("quarantined", "approval-unproven")
    assert carried_out(world, held).state == "applied"
    assert world.open_count() == 40


def test_one_manager_refuses_and_the_number_is_free_again(
    world: RightsWorld, door: Door, people: Two, held: int
) -> None:
    """The earlier rights go on; a refusal takes no signature and keeps none."""
    speak(world, held, people[0].account, signed(world, door, people[0], held))
    assert said(world, held, people[1].account, "refuse", MADE_UP) == "refused"
    assert told(world, "select from rempart.rights_release where verdict = 'refuse' and signed is not null") == []
    assert carried_out(world, held).code == "not-in-quarantine"
    assert world.open_count() == 50
    assert world.full(range(50), sequence=2).state == "applied"


@pytest.mark.usefixtures("people")
def test_only_a_manager_of_that_insurer_speaks(world: RightsWorld, held: int) -> None:
    """A case worker and another insurer's manager are stopped in the database; its own insurer has no such file."""
    for account in (WORKER, STRANGER, "nobody"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            speak(world, held, account, MADE_UP)
    assert speak(world, held, STRANGER, MADE_UP, insurer=OTHERS) == "not-found"


def test_a_file_that_is_being_released_is_not_waited_for(world: RightsWorld, people: Two, held: int) -> None:
    """The person is told to try again, and no connection of the hub hangs on it."""
    with psycopg.connect(world.database.url("worker")) as busy:
        busy.execute("select from rempart.rights_file where rights_file = %s for update", (held,))
        with pytest.raises(psycopg.errors.LockNotAvailable):
            speak(world, held, people[0].account, MADE_UP)
