"""The command line's root: lazy commands, plain failures, documented exit codes."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import grimp
import pytest

from rempart import cli
from rempart.cli import COMMANDS, Command
from rempart.cli._output import Exit, Failure, emit, settings_or_fail, table

if TYPE_CHECKING:
    from pathlib import Path


def _run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["rempart", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def test_the_version_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`rempart --version` prints it and ends well."""
    assert _run(monkeypatch, "--version") == Exit.DONE
    assert capsys.readouterr().out.startswith("rempart 0.")


def test_each_listed_command_is_built() -> None:
    """A command that is listed has its module: what is not built is not listed."""
    assert not [command.name for command in COMMANDS if importlib.util.find_spec(command.module) is None]


def test_help_names_commands_and_imports_none() -> None:
    """Help works in the base install: it imports no command and none of their libraries."""
    code = (
        "import sys; sys.argv = ['rempart', '--help']\n"
        "from rempart.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "sys.stderr.write(','.join(m for m in sys.modules if m.startswith(('rempart.cli.', 'psycopg', 'litestar'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.stderr == "rempart.cli._output"
    assert "insurer" in done.stdout


def test_a_command_that_logs_says_so() -> None:
    """Only commands that name themselves pay for the library of log lines, and set it up before it writes any."""
    graph = grimp.build_graph("rempart", include_external_packages=True, cache_dir=None)
    logging = {command.name for command in COMMANDS if graph.find_shortest_chain(command.module, "structlog")}
    assert logging == {command.name for command in COMMANDS if command.logs}


def test_a_missing_extra_is_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A command whose extra is absent says what to install."""

    def absent(_name: str) -> None:
        raise ModuleNotFoundError(name="litestar")

    monkeypatch.setattr(cli, "COMMANDS", (Command("insurer", "x", "hub"),))
    monkeypatch.setattr(cli.importlib, "import_module", absent)
    assert _run(monkeypatch, "insurer") == Exit.LACKING
    assert "pip install 'rempart[hub]'" in capsys.readouterr().err


def test_an_unexpected_error_shows_no_value(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message of an exception may quote a person's data: only its type is told."""

    def broken(_words: object) -> None:
        raise ValueError("2840575123456")

    monkeypatch.delenv("REMPART_TRACEBACK", raising=False)
    monkeypatch.setattr(cli, "build", broken)
    assert _run(monkeypatch, "insurer") == Exit.BROKEN
    said = capsys.readouterr().err
    assert "ValueError" in said
    assert "2840575123456" not in said


def test_an_unknown_command_is_a_wrong_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 2, as everywhere."""
    assert _run(monkeypatch, "conquer") == Exit.USAGE


def test_faults_of_the_configuration_are_all_told(tmp_path: Path) -> None:
    """A command that needs the configuration lists every fault, one a line."""
    path = tmp_path / "rempart.toml"
    path.write_text("a = 1\n[hub]\nport = 'x'\n", "utf-8")
    with pytest.raises(Failure, match=r"\n  hub\.port: expected int, got str") as failure:
        settings_or_fail(path)
    assert failure.value.exit is Exit.LACKING
    assert "a: unknown key" in str(failure.value)


def test_json_is_one_line_and_tables_are_plain(capsys: pytest.CaptureFixture[str]) -> None:
    """The same result for a program and for a person."""
    value = {"rows": 1234}
    emit(value, as_json=True, show=lambda: "")
    assert json.loads(capsys.readouterr().out) == value
    emit(value, as_json=False, show=lambda: table("Loaded", ("what", "rows"), [("[rights]", 1234), ("lines", 5)]))
    said = capsys.readouterr().out
    assert "1,234" in said
    assert "[rights]" in said


def test_every_exit_code_has_words() -> None:
    """The help documents each code."""
    assert all(code.meaning for code in Exit)
