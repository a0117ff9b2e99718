"""How the insurer's commands reach the hub: over https, and a hub that is away is said in one line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from rempart.cli._output import Exit, Failure
from rempart.cli.insurer import app
from rempart.simulation.clients import demo_jwk
from support.ports import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

COMMANDS = (("agent",), ("record-check",), ("presence-code",), ("settlement", "list"))


def asked(folder: Path, command: tuple[str, ...], hub: str) -> Result:
    """The command, with keys and a person of its own."""
    key, person, keys = folder / "client.json", folder / "person.json", folder / "keys"
    for path, content in ((key, demo_jwk(b"agent of tests")), (person, {"member": "123", "birth": "850512"})):
        path.touch(mode=0o600)
        path.write_text(json.dumps(content))
    run = CliRunner()
    run.invoke(app, ["keygen", "--out", str(keys)])
    own = {"agent": ["--keys", str(keys)], "settlement": []}.get(command[0], [str(person), "--keys", str(keys)])
    known = ["--hub", hub, "--client", "agent", "--client-key", str(key), "--insurer", "0000000123"]
    return run.invoke(app, [*command, *own, *known])


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_plain_http_elsewhere_is_refused(command: tuple[str, ...], tmp_path: Path) -> None:
    """No command says anything to another machine without https."""
    answer = asked(tmp_path, command, "http://hub.example")
    assert isinstance(answer.exception, Failure)
    assert (answer.exception.exit, answer.exception.code) == (Exit.USAGE, "address-not-https")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_hub_that_is_away_is_said(command: tuple[str, ...], tmp_path: Path) -> None:
    """Nobody listens there: a code and a sentence, not a trace."""
    answer = asked(tmp_path, command, f"http://127.0.0.1:{free_port()}")
    assert isinstance(answer.exception, Failure)
    assert (answer.exception.exit, answer.exception.code) == (Exit.LACKING, "no-answer")
