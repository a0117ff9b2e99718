"""The generated parts of `docs/formats/noemie.md` and `docs/formats/reasons.md`, from the tables."""

from __future__ import annotations

from typing import Final

from rempart.domain.reasons import REASONS
from rempart.formats.noemie.codes import CODES
from rempart.formats.noemie.layout import FIXED_LEVELS, LAYOUTS, LEVELS, UNUSED

BEGIN: Final = "<!-- generated: rempart noemie layout -->"
REASONS_BEGIN: Final = "<!-- generated: rempart noemie reasons -->"
END: Final = "<!-- end of generated part -->"

_TITLES: Final = {
    "000": "file start", "020": "agent (not used)", "040": "payee", "070": "accounting day",
    "071": "accounting day and transfer", "080": "lot (not used)", "081": "kind of return",
    "100": "invoice, older form", "102": "invoice",
    "103": "insured and beneficiary", "110": "insured (not used)", "120": "patient (not used)",
    "150": "nature (not used)", "160": "archive (not used)", "198": "compulsory share", "199": "complementary share",
    "210": "act (not used)", "250": "debt movement", "261": "flat payment (not used)",
    "262": "detail of a flat payment (not used)", "290": "signal", "294": "rejection", "295": "comment",
    "990": "control of a group", "999": "file end",
}  # fmt: skip


def generated() -> str:
    """Markdown between the two marks, marks included, ending with a line end."""
    parts = [BEGIN, "", "## Positions", "", "Positions are 1-based and inclusive. What no row covers is filler.", ""]
    for layout in LAYOUTS:
        level = f", level {LEVELS[layout.name]:02d}" if layout.name in LEVELS else ""
        ours = " (ours)" if level and layout.name not in FIXED_LEVELS else ""
        parts += [f"### {layout.name}: {_TITLES[layout.name]}{level}{ours}", "", "| position | zone | kind |"]
        parts.append("|---|---|---|")
        for field in layout.fields:
            where = str(field.start) if field.start == field.end else f"{field.start}-{field.end}"
            kind = f"`{field.literal}`" if field.kind == "const" else field.kind
            parts.append(f"| {where} | {field.name} | {kind} |")
        parts.append("")
    parts += ["Known and not used (read past, counted): " + ", ".join(sorted(UNUSED)) + ".", ""]
    parts += ["## Codes", "", "| code | sentence | phrase |", "|---|---|---|"]
    parts += [f"| `{code.code}` | {code.english} | {code.french} |" for code in CODES.values()]
    return "\n".join([*parts, "", END]) + "\n"


def reasons_table() -> str:
    """The table of reasons as Markdown between its marks, ending with a line end."""
    parts = [REASONS_BEGIN, "", "| code | 294 | stops | sentence | phrase | next step | étape | foreign |"]
    parts.append("|---|---|---|---|---|---|---|---|")
    for one in REASONS:
        foreign = ", ".join(f"{listed} {code}" for listed, code in one.foreign)
        parts.append(
            f"| `{one.code}` | {one.short} | {one.level} | {one.english} | {one.french} | {one.todo.english} | "
            f"{one.todo.french} | {foreign} |"
        )
    return "\n".join([*parts, "", END]) + "\n"
