"""The generated part of `docs/formats/b2.md`: positions of every record type, families and codes, from the tables."""

from __future__ import annotations

from typing import Final

from rempart.formats.b2.codes import CODES
from rempart.formats.b2.families import CODES as FAMILY_CODES
from rempart.formats.b2.families import COMPLEMENTS, VALID_FROM
from rempart.formats.b2.layout import LAYOUTS, UNUSED

BEGIN: Final = "<!-- generated: rempart b2 layout -->"
END: Final = "<!-- end of generated part -->"

_TITLES: Final = {
    "000": "file start", "1": "lot start", "2": "invoice start", "2B": "beneficiary (discarded unread)",
    "2C": "address (discarded unread)", "2M": "AMC routing", "2P": "settlement operator and accreditation",
    "2S": "individual NIR", "4": "act line", "4B": "biology", "4C": "pharmacy", "4F": "products (LPP)",
    "4H": "hospital drugs", "4M": "CCAM acts", "4S": "act, continued (not used)", "4T": "transport (presence only)",
    "4U": "journey (presence only)", "5": "invoice totals", "6": "lot end", "999": "file end",
}  # fmt: skip


def generated() -> str:
    """Markdown between the two marks, marks included, ending with a line end."""
    parts = [BEGIN, "", "## Positions", "", "Positions are 1-based and inclusive. What no row covers is filler.", ""]
    for layout in LAYOUTS:
        parts += [f"### {layout.name}: {_TITLES[layout.name]}", "", "| position | zone | kind |", "|---|---|---|"]
        for field in layout.fields:
            where = str(field.start) if field.start == field.end else f"{field.start}-{field.end}"
            kind = f"`{field.literal}`" if field.kind == "const" else field.kind
            parts.append(f"| {where} | {field.name} | {kind} |")
        parts.append("")
    parts += ["Known and not used (skipped, counted): " + ", ".join(sorted(UNUSED)) + ".", ""]
    parts += ["## Act families", "", f"Table of {VALID_FROM}; first the act code, then the complement.", ""]
    parts += ["| family | act codes | complements |", "|---|---|---|"]
    for family, codes in FAMILY_CODES.items():
        letters = ", ".join(f"4{letter}" for letter, of in COMPLEMENTS if of == family)
        parts.append(f"| {family} | {', '.join(codes)} | {letters} |")
    parts += ["| other | every other code | |", "", "## Codes", "", "| code | refuses | sentence | phrase |"]
    parts.append("|---|---|---|---|")
    parts += [f"| `{code.code}` | {code.levels} | {code.english} | {code.french} |" for code in CODES.values()]
    return "\n".join([*parts, "", END]) + "\n"
