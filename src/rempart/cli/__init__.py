"""The command line `rempart`: parse, call, print.

Commands lie one per module and are imported only when they run, so the base install offers its own without the
extras of the others. Exit codes are those of `_output.Exit`.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from rempart.cli._output import Exit, Failure, complain

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Command:
    """One word after `rempart`: its module exposes `app: typer.Typer`; `extra` is what has to be installed for it.

    `logs`: some module that it uses writes log lines. The others start without the library that does.
    """

    name: str
    help: str
    extra: str = ""
    logs: bool = False

    @property
    def module(self) -> str:
        """Where its `app` is."""
        return f"rempart.cli.{self.name.replace('-', '_')}"


COMMANDS: tuple[Command, ...] = (
    Command("demo", "Start everything on this machine and live a day of care.", "sim", logs=True),
    Command("hub", "Run the hub.", "hub", logs=True),
    Command("worker", "Run the worker.", "worker", logs=True),
    Command("portal", "Run the professionals' portal of one operator, and make its key.", "portal", logs=True),
    Command("sftp", "Take files over SFTP and pass them to the hub.", "sftp", logs=True),
    Command("keeper", "Run the keeper, and keep its keys.", "keeper", logs=True),
    Command(
        "operator",
        "Register insurers, sites, clients, portals; invite people; close and open compartments.",
        "worker",
        logs=True,
    ),
    Command("rights", "Load insurers' rights files; release or refuse what waits.", "worker", logs=True),
    Command("doctor", "Check the configuration and the machine before anything listens.", "hub", logs=True),
    Command("migrate", "Bring the database to this release's schema.", "hub"),
    Command("pay", "Write the bank files of what is due.", "worker"),
    Command("payee", "Change a site's bank details: propose, approve, cancel.", "worker"),
    Command("funds", "Call insurers for funds, and see what they have.", "worker"),
    Command("claw-back", "Take back what was paid: claim, judge, list.", "worker"),
    Command("debt", "What sites owe: list, demand, take, give up by two people.", "worker"),
    Command("check-invariants", "Check what must hold of the money at every instant.", "worker"),
    Command(
        "replay",
        "Replay the theft of a site's key, here and against a model of a portal that trusts it.",
        "sim",
        logs=True,
    ),
    Command("bench", "Measure loading, eligibility and invoices.", "sim", logs=True),
    Command("client", "What a site's software runs on its side: ask, invoice, prove that it conforms."),
    Command("noemie", "Say what is wrong with a NOEMIE return, by place and code."),
    Command("settlement", "Write what insurers settle by, and take their answers.", "worker"),
    Command("binding", "Check and load what binds an insurer although rights are closed.", "worker"),
    Command("stand-in", "Publish what insurers guarantee while the hub cannot answer.", "worker"),
    Command("webhook", "Say where sites' software is told of changes.", "worker", logs=True),
    Command("card", "Verify signed cards without network; sign what that needs."),
    Command("table", "Check, explain, compare and convert guarantee tables."),
    Command("b2", "Say what is wrong with a B2 file, by place and code."),
    Command("log", "Verify the log of disclosures."),
    Command("witness", "Watch the log's checkpoints from outside."),
    Command("insurer", "What an insurer runs on its side: keys, signing, opening."),
)


def _built() -> tuple[Command, ...]:
    return tuple(command for command in COMMANDS if importlib.util.find_spec(command.module) is not None)


def build(words: Sequence[str]) -> typer.Typer:
    """The application for this command line: the command that is called is imported, the others are only named."""
    root = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    root.callback(help=_about())(_options)
    called = _called(words)
    for command in _built():
        if command.name == called:
            _attach(root, command)
        else:
            root.command(command.name, help=command.help)(_not_called)
    return root


def _called(words: Sequence[str]) -> str:
    return next((word for word in words if not word.startswith("-")), "")


def _about() -> str:
    codes = ", ".join(f"{int(code)} {code.meaning}" for code in Exit)
    return f"Rempart, a tiers-payant hub that a stolen account cannot empty. Exit codes: {codes}."


def _not_called() -> None:
    raise AssertionError("only the command that was called is run")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"rempart {importlib.metadata.version('rempart')}")
        raise typer.Exit


def _options(
    version: bool = typer.Option(  # noqa: ARG001 - its callback prints it
        False, "--version", help="Print the version and stop.", is_eager=True, callback=_show_version
    ),
) -> None:
    return


def _attach(root: typer.Typer, command: Command) -> None:
    try:
        module = importlib.import_module(command.module)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "rempart" or not command.extra:
            raise
        todo = f"run `pip install 'rempart[{command.extra}]'`"
        raise Failure(
            f"`rempart {command.name}` needs {error.name}, which is not installed: {todo}", Exit.LACKING
        ) from error
    app: typer.Typer = module.app
    only = app.registered_commands[0] if len(app.registered_commands) == 1 else None
    if only is not None and only.callback is not None and not app.registered_groups and app.registered_callback is None:
        root.command(command.name, help=command.help, context_settings=only.context_settings)(only.callback)
    else:
        root.add_typer(app, name=command.name, help=command.help)


def _warnings_only() -> None:
    """Libraries' and our own log lines go to standard error, warnings only; a program that serves sets its own."""
    import logging

    import structlog

    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # the stream of the moment, not of the start
    )


def main() -> None:
    """Entry point. A failure is one plain sentence on standard error; `REMPART_TRACEBACK=1` shows where it was."""
    if any(command.logs for command in COMMANDS if command.name == _called(sys.argv[1:])):
        _warnings_only()
    try:
        build(sys.argv[1:])(prog_name="rempart")
    except Failure as failure:
        complain(str(failure), failure.code)
        sys.exit(failure.exit)
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
    except Exception as error:
        if os.environ.get("REMPART_TRACEBACK"):
            raise
        if type(error).__name__ == "OperationalError":  # psycopg's, which the base install may not have
            complain("the database does not answer: look whether it runs and whether the URL is right", "no-database")
            sys.exit(Exit.LACKING)
        complain(
            f"stopped by an unexpected {type(error).__name__}: set REMPART_TRACEBACK=1 and run it again to see where"
        )
        sys.exit(Exit.BROKEN)
