"""The public status over HTTP: each operator's own, with the insurers that it serves today, by the hub's memory."""

from __future__ import annotations

from datetime import date

import msgspec
from litestar import Litestar
from litestar.testing import TestClient
from psycopg_pool import ConnectionPool

from rempart.api.state import HubState, Instants
from rempart.api.status import status_routes
from rempart.application.guard import Snapshot
from rempart.application.together import Limits, Together
from rempart.domain.compartments import Closure
from rempart.domain.contracts import Served, gathered
from rempart.ground.settings import Settings
from rempart.storage.facts import Facts
from rempart.wire.status import OperatorStatus

INSURER = "0000401166"
NOON = 1_795_431_600_000_000  # 23 November 2026, 11:00 UTC


class _Noon:
    def now(self) -> int:
        return NOON


def test_a_closed_insurer_shows_at_the_operator_that_serves_it() -> None:
    """Not at the other one; an operator whom nobody knows is absent; no database is needed."""
    closures = {f"insurer:{INSURER}": Closure(f"insurer:{INSURER}", "closed", "partner", NOON - 1)}
    facts = Facts(
        Snapshot({}, {}, closures), operators=frozenset({"horizon", "azur"}),
        contracts=gathered([Served("horizon", INSURER, date(2026, 1, 1))], []),
    )  # fmt: skip
    state = HubState(Settings(), Instants(_Noon()), Together((), Limits()), facts)
    nowhere = ConnectionPool("postgresql://nobody@localhost:1/none", min_size=0, max_size=1, open=False)
    with TestClient(Litestar(status_routes(state, nowhere))) as client:
        found = {name: client.get(f"/v1/operators/{name}/status") for name in ("horizon", "azur", "nobody")}
    assert found["nobody"].status_code == 404
    told = {name: msgspec.json.decode(found[name].content, type=OperatorStatus) for name in ("horizon", "azur")}
    assert {name: one.state for name, one in told.items()} == {"horizon": "closed", "azur": "open"}
    assert [part.compartment for part in told["horizon"].parts if part.state == "closed"] == [f"insurer:{INSURER}"]
    assert INSURER not in found["azur"].text
