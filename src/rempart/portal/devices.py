"""Which browser and system a person signs in with, as far as the browser says: for the person's own list of sessions.

Nothing but one of `wire.sign_in.DEVICES` leaves here; versions and models stay unread.
"""

from __future__ import annotations

from typing import Final

from rempart.portal.words import N_

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


def named(told: str) -> tuple[str, str]:
    """Names of browser and system, source texts; two empty ones when nothing was told."""
    browser, _, system = told.partition("/")
    return NAMES.get(browser, ""), NAMES.get(system, "")
