"""What the scanner of cards is made of: our script, and the vendored reader with its WebAssembly, fetched when used."""

from __future__ import annotations

from typing import Final

from litestar.handlers import HTTPRouteHandler

from rempart.portal.pages.fixed import static
from rempart.portal.rendering import Pages

VENDORED: Final = "vendor/zxing-wasm-3.1.4"


def scan_routes(_pages: Pages) -> list[HTTPRouteHandler]:
    """`/static/scan.js`, `/static/vendor/zxing-wasm-…`."""
    reader, wasm = f"{VENDORED}/reader.js", f"{VENDORED}/zxing_reader.wasm"
    return [static("scan.js"), static(reader), static(wasm, "application/wasm")]
