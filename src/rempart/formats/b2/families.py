"""Which act family a line belongs to, from its act code and its complements: a small table, dated, to be corrected.

The codes are the usual letter keys of the nomenclature (NGAP) and of billing as health professionals know them;
no public list of the codes in force was found, so the table is incomplete and "likely" where a code is rare.
A code that is not listed falls back on the complement that follows the line, then on `other`. The words are those of
`domain.acts.FAMILIES`; `hospital-stay` never comes from this profile.
"""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

VALID_FROM: Final = "2026-01-01"

# Exact codes, by family.
CODES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({
    "pharmacy": ("PH1", "PH2", "PH4", "PH7", "PHN", "PHS", "PMR", "HD", "HD1", "HD2", "HD4", "HD7", "HDA", "HDE", "HDR",
                 "HG", "HG1", "HG2", "HG4", "HG7", "HC", "MHU"),
    "hospital-drug": ("PHH", "PHQ"),
    "biology": ("B", "BR", "BM", "KB", "PB", "TB", "P", "AP", "APB"),
    "lpp": ("MAD", "DVO", "AAD", "AAR", "PAN", "PII", "PEX", "COR", "ORP", "VEH", "ARO", "MAC", "ATE", "PA"),
    "optics": ("OPT", "MON", "VER", "LEN", "OPA", "OPB"),
    "hearing": ("PAU", "AUD", "ENT", "PIL"),
    "dental": ("SC", "SCM", "TO", "ORT", "TDS", "SDE", "BDC", "END", "AXI", "PDT", "SU"),
    "dental-prosthesis": ("SPR", "PRO", "PFC", "PFM", "PAR", "ICO", "RPN", "IMP", "INO"),
    "nursing": ("AMI", "AIS", "AMX", "DI", "IFI", "BSA", "BSB", "BSC"),
    "physiotherapy": ("AMK", "AMS", "AMC", "AMT"),
    "auxiliary": ("AMO", "AMP", "AMY", "POD"),
    "consultation": ("C", "CS", "G", "GS", "GE", "V", "VS", "VG", "VL", "TC", "TCG", "TCS", "APC", "APV", "APY", "AVY",
                     "CNP", "CSC", "MCG", "MCS", "MPC", "MCE", "CCP", "CCX", "COE", "COB", "COD", "COG", "COH", "CG",
                     "CD"),
    "transport": ("ABA", "ABG", "ABP", "AMB", "VSL", "TAX", "TSG", "TXI", "VSG"),
    "radiology": ("ADI", "ADE", "Z", "ZN", "ZM", "FTN", "FTR", "FTG"),
    "ccam": ("ADC", "ADA", "ACO", "ATM", "K", "KC", "KE", "KA"),
})  # fmt: skip

# Complements of the line, the first that is there decides.
COMPLEMENTS: Final[tuple[tuple[str, str], ...]] = (
    ("C", "pharmacy"),
    ("H", "hospital-drug"),
    ("B", "biology"),
    ("F", "lpp"),
    ("M", "ccam"),
    ("T", "transport"),
    ("U", "transport"),
)

_BY_CODE: Final[Mapping[str, str]] = MappingProxyType(
    {code: family for family, codes in CODES.items() for code in codes}
)


@lru_cache(maxsize=4096)
def family_of(code: str, complements: str = "") -> str:
    """The family of an act code (blanks dropped) and of the letters of the line's complements, in any order."""
    known = _BY_CODE.get(code)
    if known is not None:
        return known
    return next((family for letter, family in COMPLEMENTS if letter in complements), "other")
