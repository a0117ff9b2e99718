"""`rempart portal`: its key, its configuration, and the program itself, started as an operator starts it."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from rempart.cli import build
from rempart.cli._output import Exit, Failure
from rempart.client.dpop import DpopKey
from support.logs import logs_restored
from support.ports import free_port

__all__ = ["logs_restored"]
pytestmark = pytest.mark.usefixtures("logs_restored")

RUN = CliRunner()


def test_a_new_key_is_for_its_owner_alone_and_its_thumbprint_is_told(tmp_path: Path) -> None:
    """Mode 0600; what is printed is what proofs signed with it are known by; a key in use is never replaced."""
    file = tmp_path / "portal-key.json"
    told = RUN.invoke(build(["portal"]), ["portal", "new-key", "-o", str(file)])
    assert told.exit_code == Exit.DONE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    key = json.loads(file.read_text())
    assert told.stdout.strip() == DpopKey(key).thumbprint
    assert key["d"] not in told.output
    again = RUN.invoke(build(["portal"]), ["portal", "new-key", "-o", str(file)])
    assert isinstance(again.exception, Failure)
    assert again.exception.code == "output-exists"
    assert json.loads(file.read_text()) == key


def configured(folder: Path, port: int, *, keeper: str = "") -> Path:
    """A configuration of a portal on this machine whose hub is away."""
    identity = f'keeper = "{keeper}"' if keeper else "unsafe_clear_identities = true"
    path = folder / "portal.toml"
    path.write_text(
        f"production = false\nunsafe_plain_http = true\n{identity}\nlisten_port = {port}\n"
        f'public_origin = "http://localhost:{port}"\nhub = "http://127.0.0.1:{free_port()}"\n'
        '[operator]\nid = "horizon"\nname = "Horizon"\ntelephone = "01 99 00 12 34"\n'
    )
    return path


@pytest.mark.parametrize(
    ("spoil", "code"),
    [("absent", "secret-absent"), ("open", "secret-open"), ("malformed", "key-malformed"), ("config", "wrong-option")],
)
def test_it_does_not_start_on_what_is_not_usable(tmp_path: Path, spoil: str, code: str) -> None:
    """One sentence and a stable code; nothing listens."""
    path = configured(tmp_path, free_port())
    file = tmp_path / "portal-key.json"
    if spoil != "absent":
        file.write_text('{"kty":"RSA"}')
        file.chmod(0o644 if spoil == "open" else 0o600)
    if spoil == "config":
        path.write_text(path.read_text() + "colours = 1\n")
    told = RUN.invoke(build(["portal"]), ["portal", "--config", str(path)])
    assert isinstance(told.exception, Failure)
    assert told.exception.code == code


@pytest.fixture
def started(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The program as a process of its own; its origin and where its log lines go."""
    port = free_port()
    path, log = configured(tmp_path, port), tmp_path / "log"
    RUN.invoke(build(["portal"]), ["portal", "new-key", "-o", str(tmp_path / "portal-key.json")])
    command = [sys.executable, "-c", "from rempart.cli import main; main()", "portal", "--config", str(path)]
    with log.open("wb") as lines:
        process = subprocess.Popen(command, stderr=lines, stdout=lines, env=dict(os.environ))
        try:
            yield f"http://localhost:{port}", log
        finally:
            process.terminate()
            process.wait(60)


def test_the_program_serves_while_its_hub_is_away(started: tuple[str, Path]) -> None:
    """Pages come; signing in says calmly that the service does not answer; the log holds no page."""
    base, log = started
    deadline = time.monotonic() + 120
    while True:
        try:
            answer = httpx.get(base + "/healthz", timeout=30)
            break
        except httpx.TransportError:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
    assert answer.text == "ok\n"
    assert "Horizon" in httpx.get(base + "/", timeout=30).text
    headers = {"sec-fetch-site": "same-origin", "origin": base}
    refused = httpx.post(base + "/session/challenge", headers=headers, timeout=60)
    assert refused.status_code == 503
    assert refused.json()["title"] == "Le service ne répond pas"
    assert [json.loads(line)["event"] for line in log.read_text().splitlines()] == ["the portal serves"]
