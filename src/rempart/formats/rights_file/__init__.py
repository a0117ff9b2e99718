"""`rempart-rights/1`: the signed file by which an insurer says whom it covers; docs/formats/rights-file.md."""

from __future__ import annotations

from rempart.formats.rights_file.body import Body
from rempart.formats.rights_file.faults import CHUNK, MAX_HEADER, MAX_LINE, FileFault, LineFault
from rempart.formats.rights_file.header import Expected, Header, fingerprint, header_line, read_header, sign, verify
from rempart.formats.rights_file.line import parse_line
from rempart.formats.rights_file.usual import USUAL_KEYS, usual_coverage, usual_start
from rempart.formats.rights_file.writing import Draft, format_closure, format_line, write, write_body

__all__ = [
    "CHUNK",
    "MAX_HEADER",
    "MAX_LINE",
    "USUAL_KEYS",
    "Body",
    "Draft",
    "Expected",
    "FileFault",
    "Header",
    "LineFault",
    "fingerprint",
    "format_closure",
    "format_line",
    "header_line",
    "parse_line",
    "read_header",
    "sign",
    "usual_coverage",
    "usual_start",
    "verify",
    "write",
    "write_body",
]
