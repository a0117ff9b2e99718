"""The codes of the signed cards of demo and sandbox as pictures, to be shown to a portal's camera, or printed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rempart.ground.files import private_folder, write_whole


def write_codes(folder: Path, texts: Mapping[str, str]) -> tuple[Path, ...]:
    """A picture of each code; where nothing draws one, for want of the extra `cards`, its text."""
    private_folder(folder)
    try:
        from rempart.documents.symbols import Symbol, svg
    except ModuleNotFoundError:
        files = {folder / f"{name}.txt": text for name, text in texts.items()}
    else:
        files = {folder / f"{name}.svg": svg(text, Symbol.qr) for name, text in texts.items()}
    for path, content in files.items():
        write_whole(path, content.encode())
    return tuple(files)
