"""The keeper's journal and the disclosures say the same: as the reconciliation last found it."""

from __future__ import annotations

from rempart.storage.invariants._told import Connection, told


def journal_equals_disclosures(connection: Connection, since: int = 0) -> list[str]:
    """Nothing was opened and disclosed to nobody, and the comparison goes on.

    After a crash it is that crash's lost work: `docs/operations/doctor.md` says how to judge it.
    """
    return [
        *told(
            connection,
            """select 'the comparison halted: ' || halted from rempart.reconciliation
               where halted <> '' and %(since)s >= 0 limit %(most)s""",
            since,
        ),
        *told(
            connection,
            """select count(*) || ' openings in minute ' || minute || ' were disclosed to nobody'
               from rempart.opened_undisclosed where found >= %(since)s
               group by minute order by minute limit %(most)s""",
            since,
        ),
    ]
