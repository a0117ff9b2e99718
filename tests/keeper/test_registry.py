"""The registry of clients: append-only, every line chained under a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from joserfc.jwk import ECKey, OctKey

from rempart.keeper.registry import Client, Mandate, Registry, RegistryDamagedError

if TYPE_CHECKING:
    from pathlib import Path

KEY = bytes(32)
JWK = ECKey.generate_key("P-256")
PUBLIC = {"k1": JWK.as_dict(private=False)}


def filled(path: Path) -> None:
    registry = Registry(path, KEY)
    assert registry.register(Client("a", "site", "752300010", "v", PUBLIC)) == ""
    assert registry.register(Client("b", "vendor", "", "v", PUBLIC)) == ""
    assert registry.mandate(Mandate("b", "752300010", 10, 20)) == ""
    assert registry.revoke("a") == ""
    registry.close()


def test_what_was_registered_is_there_after_a_restart(tmp_path: Path) -> None:
    """Clients, revocations and mandates come back."""
    filled(tmp_path / "registry")
    registry = Registry(tmp_path / "registry", KEY)
    assert registry.clients["a"].revoked
    client = registry.clients["b"]
    assert [registry.may_act(client, "752300010", at) for at in (9, 10, 19, 20)] == [False, True, True, False]
    registry.close()


def test_an_altered_line_is_found(tmp_path: Path) -> None:
    """Changing, dropping or swapping a line stops the keeper; so does a registry of another ring."""
    path = tmp_path / "registry"
    filled(path)
    lines = path.read_bytes().splitlines(keepends=True)
    for wrong in (
        [lines[0].replace(b"752300010", b"132300011"), *lines[1:]],
        [lines[0], *lines[2:]],
        [lines[1], lines[0], *lines[2:]],
    ):
        path.write_bytes(b"".join(wrong))
        with pytest.raises(RegistryDamagedError):
            Registry(path, KEY)
    path.write_bytes(b"".join(lines))
    with pytest.raises(RegistryDamagedError):
        Registry(path, bytes(31) + b"\x01")


def test_a_torn_last_line_is_dropped(tmp_path: Path) -> None:
    """A crash in the middle of an append loses that entry alone, and appending goes on."""
    path = tmp_path / "registry"
    filled(path)
    path.write_bytes(path.read_bytes()[:-5])
    registry = Registry(path, KEY)
    assert not registry.clients["a"].revoked
    registry.revoke("a")
    registry.close()
    again = Registry(path, KEY)
    assert again.clients["a"].revoked
    again.close()


@pytest.mark.parametrize(
    ("client", "refusal"),
    [
        (Client("c", "site", "", "v", PUBLIC), "client-site"),
        (Client("c", "site", "1", "v", PUBLIC), "client-site"),
        (Client("c", "vendor", "752300010", "v", PUBLIC), "client-site"),
        (Client("", "vendor", "", "v", PUBLIC), "client-malformed"),
        (Client("c", "vendor", "", "v", {}), "client-malformed"),
        (Client("c", "vendor", "", "v", {"k": JWK.as_dict(private=True)}), "private-key-presented"),
        (
            Client("c", "vendor", "", "v", {"k": OctKey.generate_key(256).as_dict(private=True)}),
            "private-key-presented",
        ),
        (Client("a", "vendor", "", "v", PUBLIC), "client-exists"),
    ],
)
def test_a_registration_that_cannot_be_right_is_refused(tmp_path: Path, client: Client, refusal: str) -> None:
    """The refusal names what is wrong; nothing is stored."""
    path = tmp_path / "registry"
    filled(path)
    before = path.read_bytes()
    registry = Registry(path, KEY)
    assert registry.register(client) == refusal
    registry.close()
    assert path.read_bytes() == before
