"""Logs: a key that is not on the list does not pass, nor does the message of an exception."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from rempart.ground import logs
from support.logs import logs_restored

__all__ = ["logs_restored"]
pytestmark = pytest.mark.usefixtures("logs_restored")
NIR = "2840575123456"


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_key_off_the_list_is_withheld(capsys: pytest.CaptureFixture[str]) -> None:
    """Its name is told, its value is not."""
    logs.start("hub")
    logs.get().info("question answered", count=1, nir=NIR, name="Durand")
    (line,) = _lines(capsys)
    assert line["withheld"] == ["name", "nir"]
    assert (line["program"], line["level"], line["count"]) == ("hub", "info", 1)
    assert NIR not in json.dumps(line)


def test_only_plain_short_values_pass(capsys: pytest.CaptureFixture[str]) -> None:
    """A dictionary, bytes or a long text under an allowed key may hold anything: withheld."""
    logs.start("hub")
    logs.get().info("e", code={"nir": NIR}, site=NIR.encode(), path="x" * 5_000)
    (line,) = _lines(capsys)
    assert line["withheld"] == ["code", "path", "site"]


def test_an_exception_is_told_without_its_message(capsys: pytest.CaptureFixture[str]) -> None:
    """Type and place are told; the message may quote a row."""
    logs.start("hub")
    try:
        raise ValueError(NIR)
    except ValueError:
        logs.get().error("batch failed", exc_info=True)
    (line,) = _lines(capsys)
    assert line["error"].startswith("ValueError at ground/test_logs.py:")
    assert NIR not in json.dumps(line)


def test_a_library_says_where_but_not_what(capsys: pytest.CaptureFixture[str]) -> None:
    """Records of other libraries are told by their logger and line, never by their text."""
    logs.start("hub")
    logging.getLogger("some.library").warning("refused %s", NIR)
    logging.getLogger("some.library").warning(f"refused {NIR}")  # noqa: G004 - what a library may do
    lines = _lines(capsys)
    assert [(line["event"], line["operation"]) for line in lines] == [("library message", "some.library")] * 2
    assert NIR not in json.dumps(lines)


def test_the_list_names_nothing_of_a_person() -> None:
    """No word of an identity is on the list."""
    assert not {"nir", "name", "birth", "member", "iban", "beneficiary", "person", "url", "body"} & set(logs.ALLOWED)
