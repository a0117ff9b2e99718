"""What the browser that goes to Pro Santé Connect keeps until it comes back, and who we are there."""

from __future__ import annotations

import base64
import binascii
from typing import Final

import msgspec
from litestar.datastructures import Cookie

from rempart.client import pro_sante_connect as psc
from rempart.portal.rendering import Pages

LIFE: Final = 300  # seconds, as the keeper's challenge


def registered_of(pages: Pages) -> psc.Registered:
    """This portal at the provider. ValueError where the operator has not opened it."""
    options = pages.portal.settings.pro_sante_connect
    if options is None:
        raise ValueError("no provider")
    return psc.Registered(options.authorize, options.client_id, pages.portal.settings.provider_back, options.acr)


def provider_cookie(pages: Pages, begun: psc.Begun) -> Cookie:
    """What the browser that begins keeps."""
    return _cookie(pages, _written(begun))


def gone(pages: Pages) -> Cookie:
    """The same, removed."""
    return _cookie(pages, "")


def name_of(pages: Pages) -> str:
    """How the cookie is called."""
    return "__Host-rempart-psc" if pages.cookies.secure else "rempart-unsafe-http-psc"


def _cookie(pages: Pages, value: str) -> Cookie:
    """Lax: it comes along when the provider sends the browser back. An empty value removes it."""
    return Cookie(
        key=name_of(pages), value=value, path="/", secure=pages.cookies.secure, httponly=True, samesite="lax",
        max_age=LIFE if value else 0,
    )  # fmt: skip


def _written(begun: psc.Begun) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(begun)).rstrip(b"=").decode()


def read_begun(value: str) -> psc.Begun | None:
    """What a cookie holds, or None when it is none of ours."""
    try:
        content = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
        return msgspec.json.decode(content, type=psc.Begun)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return None
