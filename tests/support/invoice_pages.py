"""A portal whose hub has a desk for invoices, made once for a module; each test has a desk of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.fake_doors import Person
from support.fake_invoices import FakeInvoices
from support.portals import ONE, SITE, Asker, Clock, doors

ORIGIN = "https://portail.horizon.test"


@pytest.fixture(scope="module")
def portal() -> Asker:
    """The portal, and a browser without a window."""
    return Asker(doors(clock=Clock(), rp_id="portail.horizon.test", origin=ORIGIN))


@pytest.fixture
def desk() -> FakeInvoices:
    """The hub's invoices."""
    return FakeInvoices()


@pytest.fixture
def asker(portal: Asker, desk: FakeInvoices) -> Iterator[Asker]:
    """Somebody signed in at a pharmacy whose hub has this desk."""
    portal.doors.desks[:] = [desk]
    portal.doors.people[ONE] = Person(ONE, (SITE,))
    portal.signed_in()
    yield portal
    portal.doors.refusal, portal.doors.down = "", False
    portal.cookies.clear()
