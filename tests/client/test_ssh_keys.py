"""SSH public keys as they are registered: the two kinds, named by the fingerprint that `ssh-keygen` prints."""

from __future__ import annotations

import asyncssh
import pytest

from rempart.client.ssh_keys import is_line, jwk_of
from rempart.identity.client_assertion import SSH, public_jwk_fault


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256"])
def test_a_line_becomes_a_public_key_of_the_registry(kind: str) -> None:
    """With or without a comment, which may name somebody and is left out."""
    key = asyncssh.generate_private_key(kind, comment="marie@officine")
    line = key.export_public_key()
    assert is_line(line)
    found = jwk_of(line)
    assert found is not None
    assert found["kid"] == key.get_fingerprint()
    assert found["use"] == SSH
    assert public_jwk_fault(found) is None
    assert "marie" not in str(found)
    assert jwk_of(b" ".join(line.split()[:2])) == found


def test_other_kinds_and_broken_lines_are_refused() -> None:
    """A kind of key that is not taken, a private key, half a key."""
    good = asyncssh.generate_private_key("ssh-ed25519").export_public_key()
    rsa = asyncssh.generate_private_key("ssh-rsa", key_size=2048).export_public_key()
    kind, blob, *_ = good.split()
    for line in (
        rsa,
        b"",
        b"ssh-ed25519",
        kind + b" " + blob[:-8],
        kind + b" !" + blob,
        b"sk-" + good,
        b"ecdsa-sha2-nistp256 " + blob,
    ):
        assert jwk_of(line) is None
