"""`rempart operator status-page`: the public status of one operator as static files, for any web server.

The database alone is needed. Run each minute and after each change, the pages go on being served when the hub is down.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rempart.cli._operator import DEFAULT, Config, end_if, instant
from rempart.cli._operator_compartments import reaching


def status_page(
    operator: Annotated[str, typer.Option(help="Whose public it is for.")],
    output: Annotated[Path, typer.Option(help="An existing folder of the web server; files are replaced whole.")],
    name: Annotated[str, typer.Option(help="What the public calls the operator.")] = "",
    config: Config = DEFAULT,
) -> None:
    """Write index.html (French), en.html, their sheet and icon, and status.json: what is open, what goes on."""
    from rempart.documents.status_page import pages, status
    from rempart.domain.month import month_of
    from rempart.ground.files import write_whole
    from rempart.storage.compartments import closures, holds_somebody
    from rempart.storage.contracts import in_force
    from rempart.storage.log_reading import read_checkpoint

    now = instant()
    with reaching(config) as connection:
        end_if("" if holds_somebody(connection, f"operator:{operator}") else "operator-unknown", operator)
        checkpoint = read_checkpoint(connection, month_of(now)) or b""
        found = status(
            operator, closures(connection), now, contracts=in_force(connection), checkpoint=checkpoint.decode()
        )
    written = pages(found, name)
    for file, content in written.items():
        write_whole(output / file, content, mode=0o644)
    typer.echo(f"{operator}: {found.state}; {len(written)} files written to {output}")
