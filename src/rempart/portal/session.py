"""The session, which lies in the browser's cookie alone, and how long before its end it is renewed.

The cookie is worth nothing without the portal's own key: the token in it is bound to that key.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
from litestar.datastructures import Cookie

from rempart.client.doors import SignedIn
from rempart.portal.port import Portal
from rempart.portal.refusals import Kind, of
from rempart.wire.problem import Problem

RENEW_SECONDS: Final = 300  # before its end, at the next request
MOST: Final = 3_500  # characters; browsers keep 4,096 of a cookie with its name and attributes


@dataclass(frozen=True, slots=True)
class Cookies:
    """How cookies are called and guarded: `__Host-` by https; a name that says unsafe by plain http."""

    secure: bool

    @property
    def session(self) -> str:
        return "__Host-rempart" if self.secure else "rempart-unsafe-http"

    @property
    def language(self) -> str:
        return "__Host-rempart-language" if self.secure else "rempart-unsafe-http-language"

    @property
    def station(self) -> str:
        """Whether this browser is a workstation that people share; it opens nothing."""
        return "__Host-rempart-station" if self.secure else "rempart-unsafe-http-station"

    @property
    def turn(self) -> str:
        """The site whose turn has come while the portal reopens in waves: who comes by a provider names it so."""
        return "__Host-rempart-turn" if self.secure else "rempart-unsafe-http-turn"

    def made(self, name: str, value: str) -> Cookie:
        """A cookie that ends with the browser's session."""
        return Cookie(key=name, value=value, path="/", secure=self.secure, httponly=True, samesite="strict")

    def removed(self, name: str) -> Cookie:
        """The same, gone."""
        return Cookie(key=name, value="", path="/", secure=self.secure, httponly=True, samesite="strict", max_age=0)


def write(session: SignedIn) -> str:
    """The cookie's value. ValueError when it would be too long for a browser."""
    value = base64.urlsafe_b64encode(msgspec.json.encode(session)).rstrip(b"=").decode()
    if len(value) > MOST:
        raise ValueError("the session is too long for a cookie")
    return value


def read(value: str) -> SignedIn | None:
    """The session in a cookie, or None when it holds none of ours."""
    try:
        content = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
        return msgspec.json.decode(content, type=SignedIn)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return None


def no_export_until(session: SignedIn | None, now: float) -> str:
    """Until when no paper of payments is taken away in this session, after a recovery; "" when they can be."""
    until = session.exports_from if session is not None else ""
    return until if until and datetime.fromisoformat(until).timestamp() > now else ""


async def renewed(portal: Portal, session: SignedIn) -> SignedIn | Problem:
    """The session as it is, or renewed when its end is near. Raises `NoAnswerError`.

    A hub that cannot renew now while the session still lives does not end it.
    """
    left = session.expires - portal.clock()
    if left > RENEW_SECONDS:
        return session
    found = await portal.hub.renew(session)
    if isinstance(found, Problem) and left > 0 and of(found).kind is Kind.AWAY:
        return session
    return found
