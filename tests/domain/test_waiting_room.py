"""What waits in which room, and what helps meanwhile."""

from __future__ import annotations

import pytest

from rempart.domain.compartments import Closure, Within
from rempart.domain.waiting_room import KINDS, alternatives, closed_for, receipt, room_of

WITHIN = {kind: Within("portal", "horizon", ("horizon",), "", "nurse", "75", kind) for kind in KINDS}


def shut(*names: str, state: str = "closed") -> dict[str, Closure]:
    return {name: Closure(name, state, "attack", 10 + place) for place, name in enumerate(names)}


@pytest.mark.parametrize(
    "name", ["hub", "channel:portal", "portal:horizon", "operator:horizon", "profession:nurse", "region:75"]
)
def test_whatever_closes_for_people_has_a_room_for_both_kinds(name: str) -> None:
    """The room is that closing's own."""
    for within in WITHIN.values():
        found = closed_for(shut(name), within)
        assert found is not None
        assert room_of(found) == f"{name}@10"


@pytest.mark.parametrize("name", ["portal:azur", "channel:files", "channel:api", "region:971", "insurer:0000401166"])
def test_what_is_closed_for_others_keeps_nobody_waiting(name: str) -> None:
    """Another's portal, software's channel; an insurer, whose invoices are taken in all the same."""
    assert all(closed_for(shut(name), within) is None for within in WITHIN.values())


def test_a_function_keeps_its_own_kind_alone() -> None:
    """Invoices go on while prises en charge are closed."""
    closures = shut("function:authorizations")
    assert closed_for(closures, WITHIN["invoice"]) is None
    assert closed_for(closures, WITHIN["authorization"]) is not None


def test_restricted_is_not_closed() -> None:
    """Deposits are taken in then, and a signed card answers."""
    assert closed_for(shut("portal:horizon", state="restricted"), WITHIN["invoice"]) is None


@pytest.mark.parametrize("profession", ["pharmacy", "nurse", "optician", "hospital", "doctor"])
def test_before_a_closed_portal_software_comes_first_and_the_room_last(profession: str) -> None:
    """Who has software goes on with it; nobody is told to wait who need not. Never twice the same."""
    told = alternatives(shut("portal:horizon")["portal:horizon"], profession)
    assert "logiciel" in told[0].french
    assert "salle d’attente" in told[-1].french
    assert any("règle de remplacement" in each.french for each in told)
    assert len(set(told)) == len(told)


def test_where_software_is_closed_too_nobody_is_sent_to_it() -> None:
    """A closed profession or hub holds programs as well."""
    for name in ("hub", "profession:nurse", "operator:horizon"):
        assert not any("logiciel est raccordé" in each.french for each in alternatives(shut(name)[name], "nurse"))


def test_a_receipt_can_be_read_aloud() -> None:
    """Ten characters, none that is taken for another."""
    assert receipt(bytes(range(32))) == "0123456789"
    assert len(receipt(bytes(10))) == 10
    assert not set("ILOU") & set(receipt(bytes(range(0, 250, 25))))
