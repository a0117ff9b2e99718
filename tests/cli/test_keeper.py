"""`rempart keeper`: make a ring, look after it, without a keeper running and with one."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from rempart.cli.keeper import app
from rempart.sealing.client import KeeperSync
from rempart.sealing.ringing import OPERATIONS, AddInsurer
from support.keepers import INSURER, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "rempart.toml"
    path.write_text('[paths]\nkeeper_sockets = "s"\n')
    return path


def run(command: str, config: Path, *words: str) -> tuple[int, str]:
    found = CliRunner().invoke(app, [command, *words, "--config", str(config)])
    return found.exit_code, found.output


@contextmanager
def running(config: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A keeper that answers, stopped in order whatever happens."""
    command = [sys.executable, "-m", "rempart.keeper", "--config", str(config)]
    with (config.parent / "said").open("wb") as said, subprocess.Popen(command, stderr=said) as keeper:
        try:
            wait_for(config.parent / "s" / "ring.sock")
            yield keeper
        finally:
            keeper.send_signal(signal.SIGTERM)


def test_a_ring_is_made_once(config: Path) -> None:
    """`init` makes a 0600 ring and key; a second one refuses and changes nothing."""
    assert run("init", config)[0] == 0
    ring = config.parent / "var" / "keeper-ring" / "ring"
    before = ring.read_bytes()
    assert ring.stat().st_mode & 0o777 == 0o600
    assert run("init", config)[0] == 1
    assert ring.read_bytes() == before


def test_without_a_ring_the_keeper_says_what_to_do(config: Path) -> None:
    """One sentence and 1, no stack."""
    code, said = run("rotate", config)
    assert (code, "does not exist" in said, "Traceback" in said) == (1, True, False)


def test_a_faulty_configuration_is_told(config: Path) -> None:
    """Exit 2 with the fault's place."""
    config.write_text("[keeper]\nno_such = 1\n")
    code, said = run("init", config)
    assert (code, "no_such" in said) == (2, True)


def test_status_rotation_and_journal(config: Path) -> None:
    """With a keeper running its figures are shown and its key rotated; without one the ring is rotated in place."""
    run("init", config)
    assert run("status", config)[0] == 1
    kek = config.parent / "var" / "keeper-kek"
    first = kek.read_bytes()
    with running(config) as keeper:
        code, text = run("status", config)
        assert (code, "insurers: 0" in text, "derived: 0" in text) == (0, True, True)
        assert run("rotate", config)[0] == 0
        second = kek.read_bytes()
    assert keeper.returncode == 0
    assert run("rotate", config)[0] == 0
    assert len({first, second, kek.read_bytes()}) == 3
    assert run("verify-journal", config) == (0, "0 entries, chain unbroken.\n")


def test_index_keys_begin_and_retire_and_an_insurer_is_forgotten(config: Path) -> None:
    """A version begun is retired, the last live one is not; forgetting wants the number twice and ends every key."""
    run("init", config)
    with running(config):
        with KeeperSync(str(config.parent / "s" / "ring.sock"), OPERATIONS) as ring:
            assert ring.call("add_insurer", [AddInsurer(INSURER, bytes(32), bytes(32))])[0].refusal == ""
        code, text = run("begin-index-key", config, INSURER)
        assert (code, "version 2" in text) == (0, True)
        assert run("retire-index-key", config, INSURER, "2")[0] == 0
        assert run("retire-index-key", config, INSURER, "1")[0] == 1
        assert run("forget-insurer", config, INSURER, "--for-ever", "0000000000")[0] == 1
        assert "insurers: 1" in run("status", config)[1]
        assert run("forget-insurer", config, INSURER, "--for-ever", INSURER)[0] == 0
        assert "insurers: 0" in run("status", config)[1]
        code, text = run("forget-insurer", config, INSURER, "--for-ever", INSURER)
        assert (code, "insurer-unknown" in text) == (1, True)
    assert run("begin-index-key", config, INSURER)[0] == 1
