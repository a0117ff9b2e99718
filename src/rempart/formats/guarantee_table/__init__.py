"""Guarantee tables, `rempart-guarantees/1`: TOML and XLSX to `domain.guarantee` and back.

The format is ours: docs/formats/guarantee-table.md, with a JSON Schema of the parsed document beside it.
"""

from __future__ import annotations

from rempart.formats.guarantee_table.faults import TableFault, TableReading
from rempart.formats.guarantee_table.positions import Path, positions
from rempart.formats.guarantee_table.reading import FORMAT, MAX_BYTES, MAX_LINE, document, read
from rempart.formats.guarantee_table.writing import as_document, write

__all__ = [
    "FORMAT", "MAX_BYTES", "MAX_LINE", "Path", "TableFault", "TableReading", "as_document", "document", "positions",
    "read", "write",
]  # fmt: skip
