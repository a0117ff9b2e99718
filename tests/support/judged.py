"""Which page of the portal is judged by axe in which module of tests/browser, and whether it truly was.

Every page's template stands here once. `sound` notes the template that it looked at; after its last test a module of
the table is asked whether it judged its own: in `make test` the everyday ones in French, in `make soak` the others in
French and all in English. tests/portal/test_judged_pages.py fails for a page that stands nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import wraps
from pathlib import Path
from typing import Any, Final, NamedTuple

from litestar import Response

from rempart import portal
from rempart.portal import rendering

TEMPLATES: Final = Path(portal.__file__).parent / "templates"
EVERYDAY, SOAK = "not soak", "soak"


class Own(NamedTuple):
    """A module's pages: those that an everyday test of it judges, and those that only a long one does."""

    everyday: tuple[str, ...] = ()
    soak: tuple[str, ...] = ()


JUDGED: Final[Mapping[str, Own]] = {
    "test_account_pages": Own(
        (
            "account.html", "account_recovered.html", "desk_join.html", "desk_join_sign.html", "desk_joins.html",
            "desk_log.html", "desk_log_question.html", "desk_recovered.html", "desk_recovery.html",
            "desk_recovery_sign.html", "insurer_rejected.html", "insurer_rejections.html", "locum_code.html",
            "locum_code_given.html", "locum_number.html", "locum_taken.html", "locums.html",
        ),
        (
            "account_colleagues.html", "account_everywhere.html", "account_recover.html", "bank.html",
            "bank_sign.html", "desk_account.html", "desk_accounts.html", "desk_closing.html", "desk_invite.html",
            "desk_invite_sign.html", "desk_invited.html", "desk_open_sign.html", "desk_site.html",
            "desk_sites.html", "programs.html", "programs_code.html", "programs_sign.html",
        ),
    ),
    "test_authorization_pages": Own(
        (
            "authorization.html", "authorization_ended.html", "authorization_invoice.html",
            "authorization_invoiced.html", "authorization_modify.html", "authorization_new.html",
            "authorization_none.html", "authorizations.html", "insurer_case.html", "patient.html",
        ),
        (
            "insurer_decided.html", "insurer_funds.html", "insurer_published.html", "insurer_rights.html",
            "insurer_rights_file.html", "insurer_rights_sign.html", "insurer_waiting.html",
        ),
    ),
    "test_counter_pages": Own(
        ("counter.html", "counter_code.html", "stations.html"),
    ),
    "test_entry_pages": Own(
        ("failed.html", "hospital.html", "sign_in.html"),
    ),
    "test_invoice_pages": Own(
        soak=(
            "invoice.html", "invoice_file.html", "invoice_files.html", "invoice_new.html", "invoice_report.html",
            "invoices.html",
        ),
    ),
    "test_payment_pages": Own(
        soak=(
            "export_second.html", "export_sign.html", "messages.html", "my_site.html", "payment.html",
            "payments.html", "questions.html", "support.html", "support_authorization.html",
            "support_invoice.html", "support_question.html",
        ),
    ),
    "test_portal_pages": Own(
        ("ended.html", "enrolled.html", "invitation.html", "not_found.html", "site.html"),
    ),
    "test_provider_pages": Own(
        (
            "join.html", "join_again.html", "join_places.html", "join_state.html", "provider.html", "refused.html",
        ),
    ),
    "test_scan": Own(
        ("named_card.html", "offline.html", "receipts.html"),
    ),
    "test_waiting_pages": Own(
        ("turn.html", "waiting_authorization.html", "waiting_invoice.html", "waiting_room.html"),
    ),
}  # fmt: skip
"""By module of tests/browser."""

Seen = tuple[str, str]
"""A template, and the language that it was judged in."""
seen: set[Seen] = set()
"""What `sound` found sound since the module began."""
_last = [""]
_page = rendering.Pages.page


@wraps(_page)
def _noted(self: rendering.Pages, request: Any, template: str, *others: Any, **named: Any) -> Response[str]:
    made = _page(self, request, template, *others, **named)
    _last[0] = template
    return made


rendering.Pages.page = _noted  # type: ignore[method-assign]  # the tests' eyes on what a portal of theirs renders


def note(language: str) -> None:
    """The page that was rendered last is sound in this language."""
    seen.add((_last[0], language))


def pages() -> set[str]:
    """Every template that is a page: it stands on another, and is not only stood upon."""
    return {path.name for path in TEMPLATES.glob("*.html") if path.read_text("utf-8").startswith("{% extends ")}


def owed(module: str, chosen: str) -> set[Seen]:
    """What a module has to judge in a run of the tests that the mark expression `chosen` leaves; nothing for others."""
    own = JUDGED.get(module, Own())
    french = {EVERYDAY: own.everyday, SOAK: own.soak, "": own.everyday + own.soak}.get(chosen, ())
    english = own.everyday + own.soak if chosen in {SOAK, ""} else ()
    return {(name, "fr") for name in french} | {(name, "en") for name in english}
