"""With which browser and system a person signs in, and from which city: for the person's own list of sessions.

Nothing but one of `wire.sign_in.DEVICES` and a city's name leaves here; versions, models and addresses stay unread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rempart.portal.words import N_

if TYPE_CHECKING:
    from litestar import Request

    from rempart.portal.port import Portal

    Asked = Request[Any, Any, Any]

_BROWSERS: Final = (
    ("Edg", "edge"), ("OPR/", "opera"), ("SamsungBrowser/", "samsung"), ("Firefox/", "firefox"), ("FxiOS/", "firefox"),
    ("Chrome/", "chrome"), ("CriOS/", "chrome"), ("Safari/", "safari"),
)  # fmt: skip
"""In this order: most browsers also name those before them."""
_SYSTEMS: Final = (
    ("iPhone", "ios"), ("iPad", "ios"), ("Android", "android"), ("CrOS", "chromeos"), ("Windows", "windows"),
    ("Macintosh", "macos"), ("Linux", "linux"),
)  # fmt: skip
NAMES: Final = {
    "firefox": "Firefox", "chrome": "Chrome", "edge": "Edge", "safari": "Safari", "opera": "Opera",
    "samsung": "Samsung Internet", "windows": "Windows", "macos": "macOS", "linux": "Linux", "android": "Android",
    "ios": "iPhone / iPad", "chromeos": "ChromeOS", "other": N_("autre"),
}  # fmt: skip


def device(user_agent: str) -> str:
    """Browser and system by the header `User-Agent`."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "other")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "other")
    return f"{browser}/{system}"


def told(portal: Portal, request: Asked) -> str:
    """What the hub is told: browser/system, and `@` with the city where the operator's file knows it."""
    header = portal.settings.client_address
    peer = request.client.host if request.client else ""
    # A proxy adds its own peer at the end; what stands before it is the browser's word.
    address = request.headers.get(header, "").rpartition(",")[2].strip() if header else peer
    found, city = device(request.headers.get("user-agent", "")), portal.cities.at(address)
    return f"{found}@{city}" if city else found


def named(told: str) -> tuple[str, str, str]:
    """Names of browser and system, source texts, and of the city; empty where nothing was told."""
    found, _, city = told.partition("@")
    browser, _, system = found.partition("/")
    return NAMES.get(browser, ""), NAMES.get(system, ""), city
