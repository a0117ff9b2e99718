"""A card checked without network: a page that a service worker keeps, and the operator's signed lists beside it.

The lists lie in the folder `card_lists` of the portal's configuration, as `rempart card` writes them (docs/formats/
card.md): `ID.pub` and `ID.json`, as for the keeper, and when there are any `ID.base` and `ID.delta` of revoked cards.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from rempart.portal import scanned
from rempart.portal.card import FAULTS
from rempart.portal.offline_words import SENTENCES
from rempart.portal.pages.fixed import SCRIPT, content, static
from rempart.portal.professions import DOMAINS
from rempart.portal.rendering import Asked, Pages

PAGE: Final = "/hors-ligne"
FILTERS: Final = ("base", "delta")
MOST: Final = 16 * 1024 * 1024  # bytes of one list
WORKER: Final = {"service-worker-allowed": PAGE}


def offline_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/hors-ligne`, its worker and lists, and the scripts that it is made of."""

    @get(PAGE)
    async def page(request: Asked) -> Response[Any]:
        values = {"sentences": SENTENCES, "columns": tuple(DOMAINS), "faults": {**scanned.FAULTS, **FAULTS}}
        return pages.page(request, "offline.html", values)

    @get(f"{PAGE}/lists", sync_to_thread=True)
    def lists() -> Response[Any]:
        settings = pages.portal.settings
        found = None if settings.card_lists is None else read_lists(settings.card_lists, settings.operator.id)
        return Response(found or {}, status_code=200 if found else 404)

    @get(f"{PAGE}/worker.js")
    async def worker() -> Response[bytes]:
        return Response(content("worker.js"), media_type=SCRIPT, headers=WORKER)

    return [page, lists, worker, static("offline.js"), static("card_reader.mjs")]


def read_lists(folder: Path, operator: str) -> Mapping[str, Any] | None:
    """What the operator publishes, None when there is no list of keys; the page verifies it, nobody does here."""
    at = {kind: folder / f"{operator}.{kind}" for kind in ("pub", "json", *FILTERS)}
    try:
        key, keys = _read(at["pub"]).decode("ascii"), _read(at["json"]).decode("utf-8")
        filters = [base64.b64encode(_read(at[name])).decode() for name in FILTERS if at[name].is_file()]
    except (OSError, UnicodeDecodeError):
        return None
    return {"operator_key": key.strip(), "keys": keys, "filters": filters}


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST)
