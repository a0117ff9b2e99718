"""Invented names from syllables that occur in no French or English word, so that a dump can be searched for them."""

from __future__ import annotations

_ONSETS = (
    "Zwo",
    "Qvi",
    "Xhu",
    "Vzé",
    "Kjo",
    "Gzy",
    "Pfru",
    "Tzwi",
    "Bzé",
    "Dvju",
    "Hzo",
    "Jxa",
    "Lqui",
    "Mvzo",
    "Nxé",
    "Rzy",
)
_MIDDLES = (
    "zvor",
    "qxin",
    "xwul",
    "vjek",
    "kzow",
    "gqyl",
    "pxaz",
    "tvjim",
    "bxuq",
    "dzwe",
    "hqov",
    "jzyk",
    "wxat",
    "mqej",
    "nzuv",
    "rxop",
)
_ENDS = ("qwex", "zjor", "vxil", "kqaz", "xvun", "jwyk", "zqoth", "xgim")

FAMILY_NAMES = len(_ONSETS) * len(_MIDDLES) * len(_ENDS) * len(_MIDDLES)
GIVEN_NAMES = len(_ONSETS) * len(_ENDS) * len(_MIDDLES)


def family_name(number: int) -> str:
    """The `number`th family name, upper case, as cards and B2 records print it."""
    number, end = divmod(number % FAMILY_NAMES, len(_ENDS))
    number, middle = divmod(number, len(_MIDDLES))
    onset, second = divmod(number, len(_MIDDLES))
    return f"{_ONSETS[onset]}{_MIDDLES[middle]}{_MIDDLES[second]}{_ENDS[end]}".upper().replace("É", "E")


def given_name(number: int) -> str:
    """The `number`th first name, upper case."""
    number, end = divmod(number % GIVEN_NAMES, len(_ENDS))
    onset, middle = divmod(number, len(_MIDDLES))
    return f"{_ONSETS[onset]}{_MIDDLES[middle]}{_ENDS[end]}".upper().replace("É", "E")


def company_name(number: int) -> str:
    """A name for an insurer or a site, obviously invented."""
    onset, end = divmod(number % (len(_ONSETS) * len(_ENDS)), len(_ENDS))
    return f"{_ONSETS[onset]}{_ENDS[end]} (inventé)"
