"""The key ring and its key-encryption key, opened as the keeper would and changed in nothing."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from .findings import Check, Fault, Ground, LeftOut, Ok, Outcome, found

if TYPE_CHECKING:
    from pathlib import Path

    from rempart.ground.settings import Settings

NOT_OURS = LeftOut("this user may not enter the keeper's folder; run it as the keeper's user")


def key_ring(ground: Ground) -> Outcome:
    """The ring is there, ours, closed to others, and its key-encryption key opens it."""
    from rempart.keeper.kek import KekMissingError
    from rempart.keeper.ring import Ring
    from rempart.keeper.start import kek_store

    path = ground.settings.keeper.key_ring
    try:
        status = path.parent.stat()
        path.lstat()
    except PermissionError:
        return NOT_OURS
    except FileNotFoundError:
        return (Fault("secret-absent", f"{path} does not exist", "run `rempart keeper init` as the keeper's user"),)
    faults = []
    if stat.S_IMODE(status.st_mode) & 0o077:
        faults.append(
            Fault("ring-folder-open", f"{path.parent} can be entered by others", f"run `chmod 700 {path.parent}`")
        )
    try:
        refused = Ring.refusal(path, kek_store(ground.settings.keeper))
    except (KekMissingError, ModuleNotFoundError) as error:
        return (*faults, Fault("kek-missing", str(error), _KEK_TODO))
    if refused is not None:
        faults.append(Fault(refused.code, refused.reason, _TODO.get(refused.code, "do what the sentence says")))
    return found(faults, f"opens with the {_KINDS[ground.settings.keeper.kek]}")


_KINDS = {"file": "key file", "pkcs11": "token's key"}
_KEK_TODO = (
    "give back the key file this ring was wrapped with, or plug in its token and its PIN file "
    "(`pip install 'rempart[keeper-pkcs11]'` for a token)"
)
_TODO = {
    "kek-missing": _KEK_TODO,
    "ring-damaged": "restore the ring from its backup; the disk it lay on is suspect",
    "ring-format": "restore the ring from its backup, or point keeper.key_ring at the ring",
}


def kek_apart(ground: Ground) -> Outcome:
    """Whoever copies the ring's folder does not get the key to it."""
    settings = ground.settings
    if settings.keeper.kek == "pkcs11":
        return Ok("on a token")
    if not _beside(settings):
        return Ok("in a folder of its own")
    if not settings.production:
        return Ok("beside the ring: not allowed in production")
    sentence = "the key-encryption key lies in the key ring's folder: one copy takes both"
    return (Fault("kek-beside-ring", sentence, "move keeper.kek_file to a folder that is backed up apart, or a token"),)


def _beside(settings: Settings) -> bool:
    ring, kek = (_real(path) for path in (settings.keeper.key_ring.parent, settings.keeper.kek_file.parent))
    return ring == kek or ring in kek.parents


def _real(path: Path) -> Path:
    return type(path)(os.path.realpath(path))


KEY_RING = Check(
    "key-ring",
    "The ring exists, is a 0600 file of this user in a folder closed to others, and its key-encryption key opens it.",
    (
        "secret-absent",
        "secret-open",
        "secret-not-ours",
        "secret-unreadable",
        "secret-not-a-file",
        "secret-too-big",
        "ring-folder-open",
        "ring-format",
        "ring-damaged",
        "kek-missing",
    ),
    key_ring,
)
KEK_APART = Check(
    "key-encryption-key",
    "In production the key-encryption key does not lie in the ring's folder or under it.",
    ("kek-beside-ring",),
    kek_apart,
)
