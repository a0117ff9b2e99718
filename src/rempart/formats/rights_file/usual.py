"""Lines in their usual spelling, the one `writing.format_line` gives, read by one expression instead of as JSON.

Nearly every line of a file is spelled by one program and repeats a coverage met before, so it need not be parsed anew.
What is taken here `line.parse_line` takes too, with the same fields and no warning; all the rest is left to it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rempart.domain.identifiers import Fault
from rempart.formats.rights_file.faults import MAX_LINE
from rempart.formats.rights_file.line import HANDLE, parse_coverage

if TYPE_CHECKING:
    from collections.abc import Callable

    from rempart.domain.member import MemberRule
    from rempart.domain.rights import Coverage

USUAL_KEYS = 3
"""Ways of presenting in a usual line, at most: a person's own NIR, or those of one or two parents and none."""

_MAX_START = 1024  # bytes before the coverage; the expression takes half of that at most
_LETTERS = {"upper": "A-Z", "lower": "a-z", "keep": "A-Za-z"}
_REFERENCE = r"[!#-\[\]-~]{1,36}"  # printable, no quote, no backslash: what JSON writes as it is
# 13 characters without the key that give no warning: domain.identifiers says what months and departments there are.
_NIR = (
    r"[123478][0-9]{2}(?:0[1-9]|1[0-2]|[2-9][0-9])(?:0[1-9]|1[0-9]|2[1-9AB]|[3-9][0-9])"
    r"[0-9]{3}(?!000)[0-9]{3}"
)


def usual_start(rule: MemberRule, *, delta: bool = False) -> Callable[[bytes], re.Match[bytes] | None]:
    """A function line → match up to and including `"coverage":`, None where the line is not in its usual spelling.

    Groups: the reference, then member, NIR, birth, rank and card's handle (base64url) of each of `USUAL_KEYS` ways,
    canonical, ASCII; NIR and card None when absent, all five None beyond the last way. That no way and no card is named
    twice is left to the caller.
    """
    key = (
        rf'\{{"member":"({_member(rule)})","nir":(?:"({_NIR})"|null),'
        rf'"birth":"([0-9]{{6}})","rank":"([1-9])"(?:,"card":"({HANDLE})")?\}}'
    )
    more = ""
    for _ in range(USUAL_KEYS - 1):
        more = rf"(?:,{key}{more})?"
    start = r'\{"op":"put","ref":' if delta else r'\{"ref":'
    text = rf'{start}"({_REFERENCE})","keys":\[{key}{more}\],"coverage":'
    return re.compile(text.encode("ascii")).match


def usual_coverage(end: bytes) -> Coverage | None:
    """What the end of a usual line holds, or None: the end is one whole coverage and the line's closing brace."""
    if not end.endswith(b"}") or len(end) > MAX_LINE - _MAX_START:
        return None
    coverage = parse_coverage(end[:-1])
    return None if isinstance(coverage, Fault) else coverage


def _member(rule: MemberRule) -> str:
    """An expression for the numbers that are their own canonical form under `rule`, those with spaces left out."""
    letters = "" if rule.alphabet == "digits" else _LETTERS[rule.case]
    least, most = rule.min_length, rule.max_length
    if rule.zeros == "pad":
        return f"[0-9{letters}]{{{most}}}"
    if rule.zeros == "keep":
        return f"[0-9{letters}]{{{least},{most}}}"
    stripped = f"[1-9{letters}][0-9{letters}]{{{least - 1},{most - 1}}}"
    return f"(?:{stripped}|0)" if least == 1 else stripped
