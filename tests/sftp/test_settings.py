"""The gateway's own file: what is taken, what is refused, and that a refusal repeats no value."""

from __future__ import annotations

from pathlib import Path

import pytest

from rempart.sftp.settings import Settings, load, parse

HERE = Path("/etc/rempart")


def test_a_short_file_is_enough_and_paths_start_at_its_folder() -> None:
    """Only the hub must be named."""
    found = parse('hub = "https://hub.example"\n[limits]\nidle_seconds = 5\n', HERE)
    assert isinstance(found, Settings)
    assert found.key_file == HERE / "sftp-key.json"
    assert (found.listen_port, found.limits.idle_seconds, found.limits.files_a_day) == (2222, 5, 2_000)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("hub = ", "configuration-not-toml"),
        ("", "wrong-option"),
        ('hub = "https://hub.example"\ncolour = "secret"\n', "wrong-option"),
        ('hub = "http://hub.example"\n', "address"),
        ('hub = "https://hub.example/path"\n', "address"),
        ('hub = "https://user:secret@hub.example"\n', "address"),
        ('hub = "https://hub.example"\nhub_connect = "ftp://127.0.0.1"\n', "address"),
        ('hub = "https://hub.example"\nkey_file = 3\n', "wrong-option"),
    ],
)
def test_what_cannot_be_right_is_refused(text: str, code: str) -> None:
    """With a code and a place."""
    faults = parse(text, HERE)
    assert isinstance(faults, tuple)
    assert faults[0].code == code
    assert "secret" not in faults[0].reason


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """And how to write one."""
    faults = load(tmp_path / "sftp.toml")
    assert isinstance(faults, tuple)
    assert faults[0].code == "configuration-absent"
