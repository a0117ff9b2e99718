"""`rempart operator account invite`: which options go with which role, before anything is reached."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from rempart.cli import operator
from rempart.cli._output import Failure

SITE = ("--site", "751234568")
DAYS = ("--first", "2026-11-22", "--last", "2027-11-21")
INSURER = ("--insurer", "0099000137")


def said(*options: str) -> str:
    """The code that the command ends with."""
    found = CliRunner().invoke(operator.app, ["account", "invite", "horizon", "--config", "nowhere.toml", *options])
    assert isinstance(found.exception, Failure), found.output
    return found.exception.code


@pytest.mark.parametrize(
    "options",
    [
        ("--role", "staff"), ("--role", "staff", *SITE), ("--role", "staff", *DAYS), ("--role", "staff", *INSURER),
        ("--role", "staff", *SITE, *DAYS, *INSURER), ("--role", "agent", *SITE), ("--role", "agent", *DAYS),
        ("--role", "agent", *INSURER), ("--role", "case-worker"), ("--role", "case-worker", *INSURER, *SITE),
        ("--role", "insurer-manager", *INSURER, *DAYS), ("--role", "king", *SITE, *DAYS),
    ],
)  # fmt: skip
def test_options_of_another_role_are_refused(options: tuple[str, ...]) -> None:
    """A site and days for its people, an insurer for its own, none for the operator's; a role of nobody's has none."""
    assert said(*options) == "role-options"


@pytest.mark.parametrize(
    "options",
    [("--role", "staff", *SITE, *DAYS), ("--role", "agent"), ("--role", "case-worker", *INSURER), ("--role", "king")],
)
def test_options_of_the_role_go_on_to_the_configuration(options: tuple[str, ...]) -> None:
    """What is lacking then is the file."""
    assert said(*options) != "role-options"


@pytest.mark.parametrize(
    "options",
    [
        ("--role", "staff", *SITE, *DAYS),
        ("--role", "staff", *SITE, *DAYS, "--has-number", "--accountable", "a000000000000000"),
        ("--role", "manager", *SITE, *DAYS, "--has-number"), ("--role", "agent", "--accountable", "a000000000000000"),
    ],
)  # fmt: skip
def test_staff_alone_say_who_answers_for_them(options: tuple[str, ...]) -> None:
    """One of the two, and of no other role."""
    assert said(*options) == "accountable-required"


@pytest.mark.parametrize("answers", [("--has-number",), ("--accountable", "a000000000000000")])
def test_staff_with_either_go_on_to_the_configuration(answers: tuple[str, ...]) -> None:
    """What is lacking then is the file."""
    assert said("--role", "staff", *SITE, *DAYS, *answers) not in ("accountable-required", "role-options")
