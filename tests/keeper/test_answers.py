"""Batches at the keeper: a deposit of questions derives questions alone; answers open for who asked, for two days."""

from __future__ import annotations

import pytest

from rempart.keeper.answers import LIFE
from rempart.sealing.answer_frames import OpenAnswersItem, SealAnswersItem
from rempart.sealing.frames import DepositItem, OpenDepositItem
from support.keepers import SITE, World

BATCH = bytes(range(16))


def authority(world: World, client: str = "pharmacy") -> bytes:
    """Of a batch that the client deposited."""
    grant = world.sign_in(client, SITE).grant
    (deposit,) = world.parts.deposits.deposit([DepositItem(grant, b"questions", "appointments")])
    (opened,) = world.parts.deposits.open([OpenDepositItem(deposit.sealed, world.now())])
    assert (deposit.refusal, opened.refusal, opened.content) == ("", "", b"questions")
    return opened.authority


def sealed(world: World, contents: tuple[bytes, ...] = (b"one", b"two")) -> tuple[bytes, ...]:
    numbers = tuple(range(1, len(contents) + 1))
    (result,) = world.parts.answers.seal([SealAnswersItem(authority(world), BATCH, numbers, contents)])
    assert result.refusal == ""
    return result.sealed


def opened(
    world: World, answers: tuple[bytes, ...], *, client: str = "pharmacy", site: str = SITE, batch: bytes = BATCH,
    numbers: tuple[int, ...] = (1, 2),
) -> tuple[str, tuple[bytes, ...]]:  # fmt: skip
    item = OpenAnswersItem(world.sign_in(client, site).grant, batch, numbers, answers)
    (result,) = world.parts.answers.open([item])
    return result.refusal, result.contents


def test_a_deposit_of_questions_comes_back_with_an_authority_for_them_alone(world: World) -> None:
    """It derives appointments, neither invoices nor questions at a counter; and an invoices' authority derives none."""
    held = authority(world)
    assert world.derive(held, purpose="appointments").refusal == ""
    for purpose in ("invoice", "eligibility", "read"):
        assert world.derive(held, purpose=purpose).refusal == "purpose-not-granted"
    grant = world.sign_in("pharmacy", SITE).grant
    assert world.derive(grant, purpose="appointments").refusal == "purpose-not-granted"
    (deposit,) = world.parts.deposits.deposit([DepositItem(grant, b"invoices")])
    (other,) = world.parts.deposits.open([OpenDepositItem(deposit.sealed, world.now())])
    assert world.derive(other.authority, purpose="appointments").refusal == "purpose-not-granted"


def test_who_may_ask_nothing_deposits_no_questions(world: World) -> None:
    """A concentrator without a site carries invoices; a purpose nobody knows is refused."""
    carrier = world.sign_in("carrier", "").grant
    items = [DepositItem(carrier, b"x", "appointments"), DepositItem(carrier, b"x", "iban"), DepositItem(carrier, b"x")]
    first, second, third = world.parts.deposits.deposit(items)
    assert first.refusal in {"site-missing", "purpose-not-granted"}
    assert (second.refusal, third.refusal) == ("purpose-unknown", "")


def test_answers_open_for_the_client_and_site_that_asked(world: World) -> None:
    """Nothing of them is readable at rest; all of one length stay of one length."""
    answers = sealed(world)
    assert not any(b"one" in each or b"two" in each for each in answers)
    assert len({len(each) for each in answers}) == 1
    assert opened(world, answers) == ("", (b"one", b"two"))


@pytest.mark.parametrize("changes", [{"batch": bytes(16)}, {"numbers": (2, 1)}, {"client": "carrier"}])
def test_answers_do_not_open_elsewhere(world: World, changes: dict[str, object]) -> None:
    """Another batch, another item, another client: each is refused whole."""
    refusal, contents = opened(world, sealed(world), **changes)  # type: ignore[arg-type]  # one field by name
    assert refusal in {"bad-answer", "purpose-not-granted"}
    assert contents == ()


def test_each_changed_byte_of_an_answer_is_found(world: World) -> None:
    """An altered answer does not open."""
    (answer,) = sealed(world, (b"one",))
    for place in range(len(answer)):
        forged = answer[:place] + bytes((answer[place] ^ 1,)) + answer[place + 1 :]
        assert opened(world, (forged,), numbers=(1,))[0] == "bad-answer"


@pytest.mark.parametrize(
    ("batch", "numbers"), [(b"short", (1, 2)), (BATCH, (1,)), (BATCH, (0, 1)), (BATCH, (1, 2**31))]
)
def test_what_is_malformed_is_refused(world: World, batch: bytes, numbers: tuple[int, ...]) -> None:
    """Ids of other lengths, numbers that do not match or cannot be."""
    assert opened(world, sealed(world), batch=batch, numbers=numbers)[0] == "batch-malformed"


def test_after_two_days_no_answer_opens(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a backup still holds is closed to everyone who has no key ring."""
    answers = sealed(world)
    now = world.parts.clock.now()
    grant = world.sign_in("pharmacy", SITE).grant
    parts = world.parts.answers
    monkeypatch.setattr(parts, "_clock", _Later(now + LIFE + 1_000_000_000))
    (result,) = parts.open([OpenAnswersItem(grant, BATCH, (1, 2), answers)])
    assert result.refusal == "answer-expired"


class _Later:
    def __init__(self, instant: int) -> None:
        self._instant = instant

    def now(self) -> int:
        return self._instant
