"""The key-encryption key on a token: not extractable, rotated, and the ring opens with it alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SOFTHSM = "/usr/bin/softhsm2-util"
MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
pytestmark = pytest.mark.softhsm

SCRIPT = """
import sys
from pathlib import Path
import pkcs11
from rempart.keeper.pkcs11 import TokenKekStore
from rempart.keeper.kek import KekMissingError
from rempart.keeper.ring import Ring
store = TokenKekStore(Path(sys.argv[1]), "rempart", "rempart-kek", pin="1234")
path = Path(sys.argv[2])
ring = Ring.create(path, store)
assert ring.add_insurer("0000000001", bytes(range(32)), bytes(range(32))) == ""
person, backup = ring.body.insurers["0000000001"].person, path.read_bytes()
assert Ring.open(path, store).body.insurers["0000000001"].person == person
with store._session() as session:
    keys = list(session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY}))
    assert len(keys) == 1
    assert keys[0][pkcs11.Attribute.EXTRACTABLE] is False
    assert keys[0][pkcs11.Attribute.SENSITIVE] is True
    try:
        keys[0][pkcs11.Attribute.VALUE]
    except pkcs11.AttributeSensitive:
        print("value refused")
first = ring._head.kek
ring.rotate(store)
assert Ring.open(path, store).body.insurers["0000000001"].person == person
assert ring._head.kek != first
with store._session() as session:
    assert len(list(session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY}))) == 1
path.write_bytes(backup)
print(Ring.open(path, store).code)
try:
    TokenKekStore(Path(sys.argv[1]), "rempart", "rempart-kek", pin="9999").create()
except KekMissingError as error:
    print("9999" not in str(error) and "1234" not in repr(store))
"""


def test_a_ring_under_a_token(tmp_path: Path) -> None:
    """Make, open, rotate; the key cannot be read out; a backup from before the rotation is lost.

    A wrong PIN is told without it.
    """
    (tmp_path / "tokens").mkdir()
    config = tmp_path / "softhsm2.conf"
    config.write_text(f"directories.tokendir = {tmp_path / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n")
    environment = {"SOFTHSM2_CONF": str(config), "PATH": "/usr/bin:/bin"}
    subprocess.run(
        [SOFTHSM, "--init-token", "--free", "--label", "rempart", "--pin", "1234", "--so-pin", "1234"],
        env=environment,
        check=True,
        capture_output=True,
    )
    # A process of its own: the library reads its configuration once and keeps what it found.
    found = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(MODULE), str(tmp_path / "ring")],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert found.stdout.split("\n")[:3] == ["value refused", "kek-missing", "True"], found.stderr
