"""Refusals of who asks to join an operator: part of `problems.TABLE`."""

from __future__ import annotations

ENROLMENT: dict[str, tuple[int, str, str]] = {
    # code: (status, title, what to do)
    "account-exists": (409, "This professional has an account here", "Sign in."),
    "ticket-over": (401, "This way in is over", "Identify yourself with Pro Santé Connect again: nothing is lost."),
    "place-unknown": (422, "No such place was told", "Choose one of the places that were told."),
    "site-malformed": (422, "A billing number has 9 characters, the last a key", "Correct the number."),
    "place-ended": (409, "The public directory no longer lists this place", "Correct it there, or call the operator."),
    "site-registered": (409, "This site is registered already", "Its manager invites; or call the operator."),
    "document-size": (422, "The sealed document is too small or too large", "Send at most 3 MB, sealed."),
}
