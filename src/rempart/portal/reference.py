"""The site's own reference beside what it asks, a sale or a file, by which it finds its question again. Never a person.

The hub refuses what looks like one and has the last word; dates are its to judge. Looked at here too, so that a name or
a NIR typed in the wrong field goes nowhere.
"""

from __future__ import annotations

import re
from typing import Final

from rempart.portal.words import N_

FAULTS: Final = {
    "site_reference": N_(
        "Votre référence compte au plus 20 caractères dont un chiffre, sans nom, date ni numéro de sécurité sociale."
    )
}
_SHAPE = re.compile(r"(?=.*[0-9])(?!.*[A-Za-z]{5})[0-9A-Za-z][0-9A-Za-z ./_-]{0,19}", re.ASCII)
_NIR = re.compile(r"[1-478][0-9]{4}(?:[0-9]{2}|2[AB])[0-9]{6}")
_BETWEEN = str.maketrans("", "", " ./_-")


def read(text: str) -> str | None:
    """The reference as typed, "" for none; None when it cannot be one."""
    bare = text.strip()
    if not bare:
        return bare
    person = _NIR.search(bare.translate(_BETWEEN).upper())
    return bare if _SHAPE.fullmatch(bare) and not person else None
