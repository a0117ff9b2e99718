"""A member's own card with a name on it: the page draws both in the browser, and nothing leaves it.

Public, without a session. Its policy (`headers.ALONE`) lets it connect nowhere and send no form; what decodes a picture
is a script like the others, for a page that may fetch nothing cannot fetch WebAssembly.
"""

from __future__ import annotations

import base64
from typing import Any, Final

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from rempart.portal.headers import ALONE
from rempart.portal.pages.fixed import FOREVER, SCRIPT, content, fixed, static
from rempart.portal.pages.scan import VENDORED
from rempart.portal.professions import DOMAINS
from rempart.portal.rendering import Asked, Pages

(PAGE,) = ALONE
DECODER: Final = f"/static/{VENDORED}/zxing_reader.js"


def named_card_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/carte-nom`, in either language, and its scripts."""

    @get(PAGE)
    async def page(request: Asked) -> Response[Any]:
        return pages.page(request, "named_card.html", {"columns": tuple(DOMAINS), "decoder": DECODER})

    @get(f"{PAGE}/{{code:str}}")
    async def language(code: FromPath[str]) -> Response[Any]:
        """A form may not be sent from there: the other language is a link."""
        chosen = [pages.cookies.made(pages.cookies.language, code)] if code in pages.portal.languages else []
        return Redirect(PAGE, status_code=303, cookies=chosen)

    wasm = base64.b64encode(content(f"{VENDORED}/zxing_reader.wasm"))
    return [
        page,
        language,
        static("named_card.mjs"),
        fixed(DECODER, b'globalThis.rempartDecoder="%s";\n' % wasm, SCRIPT, FOREVER),
    ]
