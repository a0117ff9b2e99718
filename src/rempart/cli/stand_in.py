"""`rempart stand-in`: the operator's side of stand-in rules. The insurer's is `rempart insurer stand-in`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rempart.cli._money import DEFAULT, Config, now, reaching
from rempart.cli._output import Exit, fail, settings_or_fail

app = typer.Typer(no_args_is_help=True, help="Publish what insurers guarantee while the hub cannot answer.")


@app.command()
def load(
    file: Path,
    public: Annotated[Path, typer.Option("--public", help="public.json of the insurer that signed.")],
    config: Config = DEFAULT,
) -> None:
    """Verify signed rules and publish them: each must be backed by what binds the insurer, or it would mislead."""
    import psycopg

    from rempart.bootstrap.standing_in import publish
    from rempart.cli._insurer_keys import KeyFileError, read_public

    settings = settings_or_fail(config)
    try:
        key, content = read_public(public).signing, file.read_bytes()
    except (KeyFileError, OSError) as problem:
        fail(str(problem), Exit.USAGE)
    with reaching(), psycopg.connect(settings.database.worker_url, autocommit=True) as connection:
        said = publish(connection, content, key, now())
    if said:
        fail(f"{file}: nothing was published", Exit.NO, code=said)
    typer.echo(f"{file}: published.")


@app.command()
def check(config: Config = DEFAULT) -> None:
    """Say which insurers' rules are published, and until when they hold."""
    import psycopg

    from rempart.bootstrap.standing_in import published

    settings = settings_or_fail(config)
    with reaching(), psycopg.connect(settings.database.worker_url, autocommit=True) as connection:
        found = published(connection)
    for rules in found:
        typer.echo(f"{rules.insurer}: rules {rules.sequence}, {len(rules.rules)} of them, until {rules.ends}")
    typer.echo(f"{len(found)} insurers.")
