"""Files: whole or not at all; secrets open to others are refused."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from rempart.ground.files import SecretRefused, private_folder, read_secret, write_whole, writing_aside

if TYPE_CHECKING:
    from pathlib import Path


def _stop_half_way(path: Path) -> None:
    with writing_aside(path) as handle:
        handle.write(b"half")
        raise OSError("disk full")


def test_a_failed_write_leaves_the_old_content(tmp_path: Path) -> None:
    """An error in the middle changes nothing and leaves nothing beside."""
    path = tmp_path / "f"
    write_whole(path, b"old")
    with pytest.raises(OSError, match="disk full"):
        _stop_half_way(path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_written_is_ours_alone(tmp_path: Path) -> None:
    """A new file is 0600 whatever the umask, a new folder 0700."""
    before = os.umask(0)
    try:
        write_whole(tmp_path / "f", b"x")
        private_folder(tmp_path / "a")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o700


def test_a_private_secret_is_read(tmp_path: Path) -> None:
    """0600 and ours: the bytes."""
    write_whole(tmp_path / "s", b"secret")
    assert read_secret(tmp_path / "s") == b"secret"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o666, 0o400, 0o700])
def test_a_secret_of_another_mode_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    """Any mode but 0600 is refused, and the reason names the chmod."""
    path = tmp_path / "s"
    write_whole(path, b"secret")
    path.chmod(mode)
    found = read_secret(path)
    assert isinstance(found, SecretRefused)
    assert found.code == "secret-open"
    assert f"chmod 600 {path}" in found.reason


def test_what_is_no_plain_file_is_refused(tmp_path: Path) -> None:
    """Absent, a link, a folder, a pipe, too big: each has its code."""
    write_whole(tmp_path / "s", b"secret")
    (tmp_path / "link").symlink_to(tmp_path / "s")
    os.mkfifo(tmp_path / "pipe", 0o600)
    found = [read_secret(tmp_path / name) for name in ("none", "link", ".", "pipe")]
    found.append(read_secret(tmp_path / "s", most=3))
    assert [item.code for item in found if isinstance(item, SecretRefused)] == [
        "secret-absent",
        "secret-unreadable",
        "secret-not-a-file",
        "secret-not-a-file",
        "secret-too-big",
    ]


def test_a_secret_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret that someone else owns is someone else's."""
    write_whole(tmp_path / "s", b"secret")
    mine = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: mine + 1)
    found = read_secret(tmp_path / "s")
    assert isinstance(found, SecretRefused)
    assert found.code == "secret-not-ours"
