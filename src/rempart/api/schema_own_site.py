"""What the API's document says of a site's look at itself, with invented examples."""

from __future__ import annotations

from typing import Any

from rempart.api.schema_base import SIGNED, Words
from rempart.api.schema_mandates import MANDATES
from rempart.api.schema_own_bank import OWN_BANK
from rempart.wire.invoices import FileList, FileSummary
from rempart.wire.own_site import (
    OwnBankDetails,
    OwnMember,
    OwnSite,
    QuestionCount,
    QuestionCounts,
    QuestionList,
    QuestionRow,
)

_ACCOUNT = "a7k2m9x4c1v8b3n5"
_DAY = "2026-03-02"
_BY = "account (a person) or program."

OWN_SITE: dict[str, Words] = {
    "ListQuestions": Words(
        "The site's questions of a day",
        "The newest first, at most 100; go on with next_older_than. When, what kind, who asked, your own reference and"
        " the id that support needs; never who was asked about, nor the answer. For the site's people and its own"
        " program.",
        ("invalid-fields", "purpose", *SIGNED),
    ),
    "CountQuestions": Words(
        "Who of the site asked, and when",
        "How many questions each account and program asked in each hour of a day at the site.",
        ("invalid-fields", "purpose", *SIGNED),
    ),
    "ListFiles": Words(
        "List the files sent for the site",
        "The newest first, 25 at most, whoever sent them. Ask with next_before as before_file for older ones until it"
        " is empty. Names of files are not kept; a concentrator's file of many sites is not listed.",
        ("invalid-fields", *SIGNED),
    ),
    "ReadOwnSite": Words(
        "The site itself",
        "Where its bank details stand (no name and no number), and who may work for it today or later. A person sees"
        " what concerns the operator of the portal.",
        ("purpose", *SIGNED),
    ),
    **OWN_BANK,
    **MANDATES,
}
TAG = ("own-site", "The site itself", "Who of the site asked what kind of question and when; its people and details.")

OWN_SITE_FIELDS: dict[str, dict[str, str]] = {
    "QuestionRow": {
        "agent": "Who sat at the program, in your own word (Rempart-Agent); empty where it did not say.",
        "question": "Its id; where several hubs run, the last two characters may be another hub's.",
        "instant": "When, UTC.",
        "time": "When, on the site's clock, HH:MM:SS.",
        "purpose": "eligibility, estimate, authorization …",
        "asked_by": "Id of the account or program.",
        "by": _BY,
        "site_reference": "Your own, empty when none was given.",
    },
    "QuestionList": {
        "day": "The civil day at the site.",
        "questions": "The newest first.",
        "next_older_than": "Ask with it as older_than to go on; empty at the end.",
    },
    "QuestionCount": {
        "agent": "Who sat at the program, in your own word (Rempart-Agent); empty where it did not say.",
        "asked_by": "Id of the account or program.",
        "by": _BY,
        "hour": "Of the site's clock, 0 to 23.",
        "questions": "Asked within it.",
    },
    "QuestionCounts": {"day": "The civil day at the site.", "counts": "By account or program, then by hour."},
    "OwnBankDetails": {
        "operator": "Who pays to them.",
        "state": "in-force, waiting (approved, not payable yet) or proposed.",
        "changed": "When they were approved, or proposed, UTC.",
        "starts": "First day of payment; empty when open.",
    },
    "OwnMember": {
        "member": "Id of the account or program.",
        "by": _BY,
        "role": "professional, staff or manager; or empty.",
        "first": "First day.",
        "last": "Last day.",
        "delegated": "A locum: the site's manager let this account work here, and may end it.",
        "accountable": "The account that answers for this one; empty when it answers itself.",
    },
    "OwnSite": {
        "site": "Its billing number.",
        "profession": "The site's.",
        "bank": "By operator.",
        "members": "With a mandate today or later.",
    },
}

ANSWERS: dict[str, Any] = {
    "ListFiles": FileList((FileSummary(
        "019cb30c-11c0-7a52-9f0e-3c6a41d20000", "decided", "2026-03-02T19:42:10Z", 184_320, own=True, invoices=212,
        accepted=205, rejected=4, held=1, refused=2, fault_count=2,
    ),)),
    "ListQuestions": QuestionList(_DAY, (
        QuestionRow(
            "06C5K1V2N8Q0", "2026-03-02T09:12:41.000000Z", "10:12:41", "eligibility", _ACCOUNT, "account", "comptoir 2"
        ),
    )),
    "CountQuestions": QuestionCounts(_DAY, (QuestionCount(_ACCOUNT, "account", 10, 7),)),
    "ReadOwnSite": OwnSite(
        "990000002", "pharmacy", (OwnBankDetails("horizon", "in-force", "2026-01-12T08:00:00.000000Z", "2026-01-15"),),
        (OwnMember(_ACCOUNT, "account", "professional", "2026-01-01", "2026-12-31"),),
    ),
}  # fmt: skip
"""By operation id, what a good answer looks like."""
