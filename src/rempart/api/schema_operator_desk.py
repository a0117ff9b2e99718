"""What the API's document says of the operator's desk, with invented examples."""

from __future__ import annotations

from typing import Any

from rempart.api.schema_base import SIGNED, Words
from rempart.wire.account import PasskeyProof
from rempart.wire.operator_desk import (
    DeskAccount,
    DeskAccounts,
    DeskCode,
    DeskCompartment,
    DeskCompartments,
    DeskElsewhere,
    DeskEvent,
    DeskInviteRequest,
    DeskOpening,
    DeskOpenRequest,
    DeskShutRequest,
    DeskSite,
    DeskSiteAccounts,
    DeskSites,
    DeskStandingRequest,
)

_SITE, _OPERATOR = "990000002", "horizon"
_ACCOUNT, _SECOND = "a7k2m9x4c1v8b3n5", "a1h4n6t8w2y5c7e9"
_AT = "2026-11-22T17:40:00.000000Z"
_PROOF = PasskeyProof("Y3JlZC0x", "e30", "AA", "AA")
_SESSION = ("purpose", "client-standing", "session-over", "other-binding", "portal-key-unknown", "unavailable", *SIGNED)
_PROVED = (
    "challenge-invalid", "challenge-expired", "challenge-spent", "passkey-refused", "passkey-cloned", "unknown-passkey",
    "passkey-session-required", "on-probation", "account-revoked", "clock-apart",
)  # fmt: skip
_BODY = ("malformed-body", "repeated-field", "body-too-large", "invalid-fields")
_OWN = "Of the operator's own; another's looks absent. For agents."
_TWO = "For agents and security."

OPERATOR_DESK: dict[str, Words] = {
    "DeskListSites": Words(
        "The operator's sites", f"By how their number begins, fifty at a time. {_OWN}", ("invalid-fields", *_SESSION)
    ),
    "DeskReadSite": Words(
        "A site and its accounts", f"Ids, roles, days, how many passkeys: no name. {_OWN}", ("not-found", *_SESSION)
    ),
    "DeskListAccounts": Words(
        "People of desks", f"The operator's, and those of insurers at its portal. {_OWN}", _SESSION
    ),
    "DeskReadAccount": Words("An account", f"Once for each of its sites. {_OWN}", ("not-found", *_SESSION)),
    "DeskSetSiteStanding": Words(
        "Suspend a site, or take it back",
        f"From the next request on. What the command line suspended, it alone takes back; closed is for ever. {_OWN}",
        ("not-found", "not-changeable", "done-elsewhere", *_BODY, *_SESSION),
        body="DeskStandingRequest",
    ),
    "DeskSetAccountStanding": Words(
        "Suspend an account, or take it back",
        f"As a site. Nobody suspends the own account. {_OWN}",
        ("not-found", "not-changeable", "done-elsewhere", "own-account", *_BODY, *_SESSION),
        body="DeskStandingRequest",
    ),
    "DeskEndCodes": Words("End an account's unused codes", f"May be repeated. {_OWN}", ("not-found", *_SESSION)),
    "DeskInvite": Words(
        "Invite somebody",
        "Signed by the agent's passkey over what was shown (docs/formats/sessions.md); the code is told once."
        f" People of sites and of support; every other desk is invited on the command line. {_OWN}",
        (
            "not-found",
            "role-not-invited",
            "days-malformed",
            "account-has-passkey",
            "accountable-required",
            "accountable-unknown",
            "invitation-malformed",
            "other-role",
            "unknown-portal",
            *_PROVED,
            *_BODY,
            *_SESSION,
        ),
        body="DeskInviteRequest",
    ),
    "DeskReadCompartments": Words(
        "The operator's compartments", f"Its own two, what else is not open, and the last steps. {_TWO}", _SESSION
    ),
    "DeskShutCompartment": Words(
        "Close or restrict one",
        f"By one person, from the next request on. {_TWO}",
        ("not-found", "not-changeable", "done-elsewhere", "closed-already", *_BODY, *_SESSION),
        body="DeskShutRequest",
    ),
    "DeskOpenCompartment": Words(
        "A word for opening one",
        f"Signed by the passkey; with the second, of another account, it opens. {_TWO}",
        ("not-found", "closing-over", "done-elsewhere", "voice-given", *_PROVED, *_BODY, *_SESSION),
        body="DeskOpenRequest",
    ),
}

_ACCOUNT_OF = DeskAccount(
    _ACCOUNT, "staff", "good", "2026-03-02", "", _SITE, "2026-03-02", "2027-03-01", 2, "2026-11-22", "", "",
    ended=False, here=False,
)  # fmt: skip
_SITE_OF = DeskSite(_SITE, "pharmacy", "75", "good", 4, here=False)
REQUESTS: dict[str, Any] = {
    "DeskSetSiteStanding": DeskStandingRequest("suspended"),
    "DeskSetAccountStanding": DeskStandingRequest("good"),
    "DeskInvite": DeskInviteRequest("staff", _SITE, "2026-11-23", "2027-11-22", "", _SECOND, "AA", _PROOF),
    "DeskShutCompartment": DeskShutRequest("closed", "maintenance", "2026-11-22T20:00:00Z"),
    "DeskOpenCompartment": DeskOpenRequest(1_795_369_200_000_000, "AA", _PROOF),
}
ANSWERS: dict[str, Any] = {
    "DeskListSites": DeskSites((_SITE_OF,), "", 1),
    "DeskReadSite": DeskSiteAccounts(_SITE_OF, (_ACCOUNT_OF,)),
    "DeskListAccounts": DeskAccounts(()),
    "DeskReadAccount": DeskAccounts((_ACCOUNT_OF,)),
    "DeskInvite": DeskCode(_SECOND, "7K2M-9X4C", "2026-11-29T17:40:00.000000Z"),
    "DeskReadCompartments": DeskCompartments(
        (
            DeskCompartment(
                f"portal:{_OPERATOR}", "closed", _AT, "maintenance", "2026-11-22T20:00:00.000000Z",
                "Service interrompu pour maintenance.", "Interrupted for maintenance.", _ACCOUNT,
                1_795_369_200_000_000, (_ACCOUNT,),
            ),
            DeskCompartment(f"operator:{_OPERATOR}", "open", "", "", "", "", "", "", 0, ()),
        ),
        (DeskElsewhere("insurer:0099000137", "restricted", "", "Par précaution.", "As a precaution."),),
        (DeskEvent(_AT, f"portal:{_OPERATOR}", "closed", _ACCOUNT, "maintenance", "2026-11-22T20:00:00.000000Z"),),
    ),
    "DeskOpenCompartment": DeskOpening("closed"),
}  # fmt: skip

_PROVING = {"challenge": "The keeper's, with the action's hash behind it, base64url.", "signed": "What signs it."}
_CLOSING = {
    "compartment": "portal: or operator:, and the operator.", "state": "open, restricted or closed.",
    "reason": "In small letters and dashes.", "reopens": "When it is expected to open, UTC; empty: unknown.",
    "french": "What the public is told.", "english": "The same.",
    "officer": "The account that did it; empty: the command line, which alone undoes it.",
}  # fmt: skip


def _closing(*names: str) -> dict[str, str]:
    return {name: _CLOSING[name] for name in names}


OPERATOR_DESK_FIELDS: dict[str, dict[str, str]] = {
    "DeskSite": {
        "site": "Billing number.",
        "profession": "The site's.",
        "region": "Its department, empty when nobody said it.",
        "standing": "good, suspended or closed.",
        "people": "Accounts that may work there today.",
        "here": "This desk suspended it, and may take that back.",
    },
    "DeskSites": {
        "sites": "In the order of their numbers.",
        "next": "Ask for those after with it; empty at the end.",
        "sites_in_all": "Of the operator, closed ones left out.",
    },
    "DeskAccount": {
        "account": "An id, not a name.",
        "role": "Of the invitation.",
        "standing": "good, suspended or closed.",
        "invited": "The day of the first invitation.",
        "insurer": "Whose desk it is; empty for everybody else.",
        "site": "Where it works; empty at a desk.",
        "first": "First day there.",
        "last": "Last day there.",
        "passkeys": "How many open it.",
        "used": "Last day one did; empty: never.",
        "code_until": "An unused code is good until then, UTC; empty: there is none.",
        "probation": "Until when, UTC; empty: none.",
        "ended": "For ever.",
        "here": "This desk suspended it, and may take that back.",
    },
    "DeskAccounts": {"accounts": "At most 200."},
    "DeskSiteAccounts": {"site": "The site.", "accounts": "Who may work there today or later, at most 200."},
    "DeskStandingRequest": {"standing": "suspended or good."},
    "DeskInviteRequest": {
        "role": "professional, staff, manager or support.",
        "place": "The site's billing number; of support the operator.",
        "first": "First day at the site; empty at a desk.",
        "last": "Last day at the site, included.",
        "account": "One that never had a passkey; empty for a new one.",
        "accountable": "Of staff: the account of the site that answers for them, or has-number. Empty for others.",
        **_PROVING,
    },
    "DeskCode": {
        "account": "An id.",
        "first_half": "Eight of the code's sixteen characters, told once; the operator's own mail brings the others.",
        "expires": "Good until then, UTC.",
    },
    "DeskCompartment": {
        **_CLOSING,
        "since": "Since when, UTC.",
        "closing": "Names this closing in a word for opening; 0 when open.",
        "agreed": "Accounts that said it may open.",
    },
    "DeskEvent": {
        "instant": "When, UTC.",
        "step": "closed, restricted, agreed (a word for opening) or open.",
        **_closing("compartment", "officer", "reason", "reopens"),
    },
    "DeskElsewhere": _closing("compartment", "state", "reopens", "french", "english"),
    "DeskCompartments": {
        "compartments": "The operator's portal, and all that is its own.",
        "elsewhere": "Not open, and not the operator's.",
        "events": "The newest first, sixty at most.",
    },
    "DeskShutRequest": _closing("state", "reason", "reopens", "french", "english"),
    "DeskOpenRequest": {"closing": "Of the answer that was read.", **_PROVING},
    "DeskOpening": {"state": "open, or what it was while a second person must agree."},
}
