"""The key ring: refused when others could read it, unreadable when altered, forgotten when the KEK is replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rempart.keeper.kek import FileKekStore
from rempart.keeper.program import RingUnusableError, assemble
from rempart.keeper.ring import Ring, RingRefused
from support.keepers import INSURER, World

if TYPE_CHECKING:
    from pathlib import Path

KEY = bytes(range(32))


@pytest.fixture
def store(tmp_path: Path) -> FileKekStore:
    return FileKekStore(tmp_path / "kek")


def opened(path: Path, store: FileKekStore) -> Ring:
    ring = Ring.open(path, store)
    assert isinstance(ring, Ring), ring
    return ring


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o400])
def test_a_ring_others_could_read_is_refused(tmp_path: Path, store: FileKekStore, mode: int) -> None:
    """Anything but 0600 is refused, with the command that mends it; so is the KEK's file."""
    path = tmp_path / "ring"
    Ring.create(path, store)
    path.chmod(mode)
    refused = Ring.open(path, store)
    assert isinstance(refused, RingRefused)
    assert refused.code == "secret-open"
    assert f"chmod 600 {path}" in refused.reason
    path.chmod(0o600)
    (tmp_path / "kek").chmod(mode)
    refused = Ring.open(path, store)
    assert isinstance(refused, RingRefused)
    assert (refused.code, f"chmod 600 {tmp_path / 'kek'}" in refused.reason) == ("kek-missing", True)


def test_a_ring_is_never_replaced(tmp_path: Path, store: FileKekStore) -> None:
    """Making a ring where there is one is an error."""
    Ring.create(tmp_path / "ring", store)
    with pytest.raises(FileExistsError):
        Ring.create(tmp_path / "ring", store)


def test_each_changed_byte_of_the_ring_is_found(tmp_path: Path, store: FileKekStore) -> None:
    """Header and body are authenticated together."""
    path = tmp_path / "ring"
    Ring.create(path, store)
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes((whole[place] ^ 1,)) + whole[place + 1 :])
        assert isinstance(Ring.open(path, store), RingRefused)
    path.write_bytes(whole)
    opened(path, store)


def test_no_key_is_in_the_file_or_in_a_repr(world: World) -> None:
    """The file holds no key in clear, raw or in hex; no repr of anything that holds keys shows one."""
    content = (world.folder / "ring").read_bytes()
    entry = world.parts.ring.body.insurers[INSURER]
    holders = [world.parts.ring, world.parts.ring.body, entry, entry.index[0], world.parts.ring.insurers[INSURER]]
    holders += [world.parts.ring.insurers[INSURER].live[0], world.parts, world.config.kek]
    said = " ".join(repr(each) + str(each) for each in holders)
    for key in world.secrets():
        assert key not in content
        assert key.hex().encode() not in content
        assert repr(key)[2:-1] not in said
        assert key.hex() not in said


def test_rotation_keeps_the_living_and_forgets_the_rest(tmp_path: Path, store: FileKekStore) -> None:
    """After a rotation the ring opens as before; no backup of the old one can be read, forgotten keys included."""
    path = tmp_path / "ring"
    ring = Ring.create(path, store)
    ring.add_insurer(INSURER, KEY, KEY)
    ring.add_insurer("0000000002", KEY, KEY)
    backup, old_kek = path.read_bytes(), (tmp_path / "kek").read_bytes()
    kept = ring.body.insurers[INSURER].person
    ring.forget_insurer("0000000002")
    ring.rotate(store)
    again = opened(path, store)
    assert again.body.insurers[INSURER].person == kept
    assert list(again.insurers) == [INSURER]
    assert (tmp_path / "kek").read_bytes() != old_kek
    assert not (tmp_path / "kek.next").exists()
    path.write_bytes(backup)
    refused = Ring.open(path, store)
    assert isinstance(refused, RingRefused)
    assert refused.code == "kek-missing"


@pytest.mark.parametrize("point", ["kek-created", "ring-written", "old-overwritten"])
def test_a_rotation_killed_anywhere_leaves_a_ring_that_opens(
    tmp_path: Path, store: FileKekStore, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """Whatever was done, one key is left at the end, and it opens the ring."""
    path = tmp_path / "ring"
    ring = Ring.create(path, store)
    ring.add_insurer(INSURER, KEY, KEY)

    class Killed(BaseException):
        pass

    def kill(*_: object, **__: object) -> None:
        raise Killed

    if point == "kek-created":
        monkeypatch.setattr(Ring, "_write", kill)
    elif point == "ring-written":
        monkeypatch.setattr(FileKekStore, "destroy_others", kill)
    else:
        monkeypatch.setattr(type(tmp_path), "replace", _after_ring(kill))
    with pytest.raises(Killed):
        ring.rotate(store)
    monkeypatch.undo()
    assert list(opened(path, store).insurers) == [INSURER]
    assert not (tmp_path / "kek.next").exists()
    opened(path, store)


def _after_ring(kill: object) -> object:
    import pathlib

    real = pathlib.Path.replace

    def replace(self: pathlib.Path, target: pathlib.Path) -> pathlib.Path:
        if self.name == "kek.next":
            kill()  # type: ignore[operator]  # the killer of the test above
        return real(self, target)

    return replace


def test_months_are_forgotten(tmp_path: Path, store: FileKekStore) -> None:
    """A month's key is made once, and gone after it was forgotten."""
    ring = Ring.create(tmp_path / "ring", store)
    first = ring.log_month(24000)
    assert ring.log_month(24000) == first
    ring.log_month(24001)
    ring.forget_months(log_before=24001, acts_before=0)
    assert list(ring.body.log_months) == [24001]
    assert ring.log_month(24000) != first


def test_an_insurer_is_registered_once(tmp_path: Path, store: FileKekStore) -> None:
    """The same registration again changes nothing; another one under that number is refused."""
    ring = Ring.create(tmp_path / "ring", store)
    assert ring.add_insurer(INSURER, KEY, KEY) == ""
    person = ring.body.insurers[INSURER].person
    assert ring.add_insurer(INSURER, KEY, KEY) == ""
    assert ring.body.insurers[INSURER].person == person
    assert ring.add_insurer(INSURER, bytes(32), KEY) == "insurer-exists"
    assert ring.add_insurer("12", KEY, KEY) == "insurer-malformed"
    assert ring.add_insurer("0000000009", KEY, KEY, size=10) == "size-out-of-range"


def test_two_keepers_do_not_share_a_ring(world: World) -> None:
    """A second keeper on the same ring does not start."""
    with pytest.raises(RingUnusableError, match="ring-in-use"):
        assemble(world.config)
