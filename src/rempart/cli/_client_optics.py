"""`rempart client optics`: a message of optics software sent or checked from a shell.

A message comes from a file or standard input, never from the command line, which every user can list.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rempart.cli._client_calls import ClientId, Hub, KeyFile, SiteNumber, account_of, client_of, good
from rempart.cli._output import Exit, fail

if TYPE_CHECKING:
    from rempart.formats.optics_messages import Message


def optics(
    file: Annotated[str, typer.Argument(help="An XML message, or - for standard input.")],
    *,
    url: Hub = "",
    client: ClientId = "",
    site: SiteNumber = "",
    key: KeyFile = Path(),
    check: Annotated[bool, typer.Option("--check", help="Only check it, on this machine; nothing is sent.")] = False,
) -> None:
    """Send one message of optics software and print the answer. Exit 1 when it is refused, each fault with its line."""
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError:
        fail(f"{file} cannot be read", Exit.USAGE, code="input-unreadable")
    message = _checked(content)
    if check:
        print(f"a sound {message.name}")
        return
    if not url:
        fail("--url names the hub", Exit.USAGE, code="hub-not-named")
    with client_of(account_of(url, client, site, key=key)) as hub:
        answer = good(lambda: hub.optics_message(content))
    sys.stdout.buffer.write(answer.rstrip() + b"\n")


def _checked(content: bytes) -> Message:
    """What the hub would refuse for its form alone is refused here, before it leaves."""
    from rempart.formats.optics_messages import Refused, read

    found = read(content)
    if isinstance(found, Refused):
        told = (" ".join((f"line {one.line}", one.element, one.code)).replace("  ", " ") for one in found.faults)
        fail("; ".join(told), Exit.NO, code=found.code)
    return found
