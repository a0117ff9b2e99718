"""Files that are either wholly there or not there at all, and secrets that nobody else can read."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET_MODE = 0o600
PRIVATE_FOLDER_MODE = 0o700


@dataclass(frozen=True, slots=True)
class SecretRefused:
    """Why a secret was not read: `code` is stable, `reason` says what to do. Never holds content."""

    path: Path
    code: str
    reason: str


def sync_folder(folder: Path) -> None:
    """Make the folder's entries durable (a rename is durable only after this)."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def writing_aside(path: Path, *, mode: int = SECRET_MODE) -> Iterator[IO[bytes]]:
    """Yield a binary file beside `path`; on success sync it and rename it over `path`, on error remove it.

    The parent must exist. After a crash either the old content or the whole new content is at `path`.
    `OSError` (disk full) leaves the old content untouched.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.aside")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            os.fchmod(handle.fileno(), mode)
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_whole(path: Path, content: bytes, *, mode: int = SECRET_MODE) -> None:
    """Replace `path` with `content` atomically and durably."""
    with writing_aside(path, mode=mode) as handle:
        handle.write(content)


def private_folder(path: Path) -> Path:
    """Make `path` (and its missing parents) as a folder that only we can enter; an existing one keeps its mode."""
    for folder in (*reversed(path.parents), path):  # `parents=True` would make them open to all
        if not folder.exists():
            folder.mkdir(mode=PRIVATE_FOLDER_MODE, exist_ok=True)
    return path


def read_secret(path: Path, *, most: int = 1 << 20) -> bytes | SecretRefused:
    """The bytes of a secret file, or why it was refused: absent, not a plain file, not ours, open to others, too big.

    The checks are made on the opened file, so it cannot be swapped in between. A symbolic link is refused.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return SecretRefused(path, "secret-absent", f"{path} does not exist: create it with mode 0600")
    except OSError:
        return SecretRefused(path, "secret-unreadable", f"{path} cannot be opened: it must be a plain file we may read")
    try:
        refusal = _refusal(path, os.fstat(descriptor), most)
        return refusal or _read(descriptor, most)
    finally:
        os.close(descriptor)


def _read(descriptor: int, most: int) -> bytes:
    parts: list[bytes] = []
    while part := os.read(descriptor, most):
        parts.append(part)
    return b"".join(parts)


def _refusal(path: Path, status: os.stat_result, most: int) -> SecretRefused | None:
    if not stat.S_ISREG(status.st_mode):
        return SecretRefused(path, "secret-not-a-file", f"{path} is not a plain file: put the secret itself there")
    if status.st_uid != os.geteuid():
        return SecretRefused(
            path, "secret-not-ours", f"{path} belongs to another user: run `chown {os.geteuid()} {path}`"
        )
    if stat.S_IMODE(status.st_mode) != SECRET_MODE:
        return SecretRefused(path, "secret-open", f"{path} is not 0600: run `chmod 600 {path}`")
    if status.st_size > most:
        return SecretRefused(
            path, "secret-too-big", f"{path} is larger than {most} bytes: that is not a secret of ours"
        )
    return None
