"""The bank's folder: whole files, once, for their owner alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rempart.gateways.bank_files import BankOutbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "main-20261123-01.xml"


def _reversed(name: str, content: bytes) -> Iterator[bytes]:
    yield name.encode()
    yield content[::-1]


def test_a_staged_file_is_seen_when_it_is_delivered(tmp_path: Path) -> None:
    """Staged it lies hidden; delivered it has its name; delivered again there is nothing left to deliver."""
    outbox = BankOutbox(tmp_path / "out", None)
    digest = outbox.stage(NAME, b"content")
    assert not outbox.path(NAME).exists()
    assert outbox.deliver(NAME, digest) == "delivered"
    assert outbox.path(NAME).read_bytes() == b"content"
    assert outbox.path(NAME).stat().st_mode & 0o777 == 0o600
    assert outbox.deliver(NAME, digest) == "absent"
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o700


def test_another_content_is_not_delivered(tmp_path: Path) -> None:
    """What lies staged is compared with what was recorded."""
    outbox = BankOutbox(tmp_path, None)
    digest = outbox.stage(NAME, b"first")
    outbox.stage(NAME, b"second")
    assert outbox.deliver(NAME, digest) == "altered"
    assert not outbox.path(NAME).exists()


def test_what_is_sealed_is_what_touches_the_disk(tmp_path: Path) -> None:
    """The clear content is in no file, staged or delivered; the digest is that of the sealed file."""
    outbox = BankOutbox(tmp_path, _reversed)
    digest = outbox.stage(NAME, b"clear content")
    (staged,) = tmp_path.iterdir()
    assert b"clear content" not in staged.read_bytes()
    assert outbox.deliver(NAME, digest) == "delivered"
    assert outbox.path(NAME).name == f"{NAME}.sealed"


def test_a_link_in_place_of_the_staged_file_is_refused(tmp_path: Path) -> None:
    """Nobody makes the payer write elsewhere."""
    outbox = BankOutbox(tmp_path, None)
    (tmp_path / f".{NAME}.aside").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic link"):
        outbox.stage(NAME, b"content")
