"""The demo's ready-made people: staff of a site work under its manager where there is one, else by their own number."""

from __future__ import annotations

from rempart.bench.doors import OFFERED, Guest, Ready, _answering

MANAGER = Guest("pharmacy", "990000002", "7K2M-9X4C-1V8B-3N5Q", "manager", "a2b4c6d8e0f1g3h5")


def test_staff_of_the_demo_work_under_the_manager_invited_before() -> None:
    """Of the same site alone; nobody's name where nobody was invited who may answer."""
    staff = Ready("pharmacy", MANAGER.site, "staff")
    assert _answering(staff, [MANAGER]) == MANAGER.account
    assert _answering(Ready("pharmacy", "990000010", "staff"), [MANAGER]) == ""
    assert _answering(staff, [Guest("pharmacy", MANAGER.site, MANAGER.code, "staff", "a9b8c7d6e5f4g3h2")]) == ""


def test_the_demo_offers_a_manager_before_the_staff_of_the_same_profession() -> None:
    """Or staff with a number of their own, where the profession has no manager in the demo."""
    for _, people in OFFERED:
        for place, (profession, role) in enumerate(people):
            if role == "staff" and (profession, "manager") in people:
                assert (profession, "manager") in people[:place]
