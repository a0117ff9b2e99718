"""`rempart check-invariants`: everything that must hold of the money, and of journal and disclosures, looked at now."""

from __future__ import annotations

import typer

from rempart.cli._money import DEFAULT, Config, Json, reaching
from rempart.cli._output import Exit, emit, fail, settings_or_fail, table

app = typer.Typer()


@app.command()
def check_invariants(config: Config = DEFAULT, as_json: Json = False) -> None:
    """Read everything in one snapshot; end with 1 when something is broken. The worker looks every minute as well."""
    import psycopg

    from rempart.storage.invariants import CONTINUOUS, check

    settings = settings_or_fail(config)
    with reaching(), psycopg.connect(settings.database.worker_url) as connection:
        connection.execute("set transaction isolation level repeatable read read only")
        found = check(connection, 0, CONTINUOUS)
    rows = [(name.replace("_", " "), "broken" if broken else "holds", len(broken)) for name, broken in found.items()]
    emit(found, as_json=as_json, show=lambda: table("Invariants", ("invariant", "state", "violations"), rows))
    if any(found.values()):
        fail("an invariant is broken: stop paying and look", Exit.NO, code="invariant-broken")
