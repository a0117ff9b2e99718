"""The certified provider `oidc-provider` (npm) as Pro Santé Connect and as a hospital's own: its packages, the program.

Packages are held by tests/oidc_provider/package-lock.json with their integrity; the lock names no address, so npm takes
them from the registry that the machine uses. They come into build/, which git ignores.
"""

from __future__ import annotations

import fcntl
import hashlib
import http.cookiejar
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from support.node import node, npm
from support.ports import free_port

HERE = Path(__file__).parents[1] / "oidc_provider"
BUILD = Path(__file__).parents[2] / "build" / "oidc_provider"
SECONDS = 180  # for npm
AGAIN_SECONDS = 120  # after a try that failed


def packages() -> Path | None:
    """The folder with `node_modules`; None where there is no Node, no npm, or no registry to be reached."""
    if node() is None:
        return None
    named = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:16]
    folder = BUILD / named
    BUILD.mkdir(parents=True, exist_ok=True)
    with (BUILD / "lock").open("w") as lock:  # several test processes begin at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / "done").exists():
            return folder
        failed = BUILD / "failed"  # so that the other processes of one run do not all wait for a registry in vain
        if failed.exists() and time.time() - failed.stat().st_mtime < AGAIN_SECONDS:
            return None
        if _installed(folder):
            return folder
        failed.touch()
        return None


def _installed(folder: Path) -> bool:
    begun = npm()
    if begun is None:
        return False
    folder.mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder / name)
    command = [*begun, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return False
    if done.returncode == 0:
        (folder / "done").touch()
    return done.returncode == 0


@dataclass(frozen=True)
class Provider:
    """It runs; `issuer` and `authorize` of Pro Santé Connect are on two hosts, as the real one's."""

    issuer: str
    authorize: str
    wallet: str

    @property
    def hospital(self) -> Provider:
        """The hospital's own, in the same program."""
        issuer = f"{self.issuer.partition('/auth/')[0]}/realms/agents"
        return Provider(issuer, f"{issuer}/protocol/openid-connect/auth", self.wallet)

    def next(self, **said: str) -> None:
        """Who signs in next: nationally `account` and how surely `acr`; there `agent`, `fonction` and `amr`."""
        asked = urllib.request.Request(f"{self.wallet}/next?{urlencode(said)}", method="POST")  # noqa: S310 - loopback
        urllib.request.urlopen(asked, timeout=30).close()  # noqa: S310 - the provider of this test, on the loopback

    def visit(self, address: str) -> dict[str, str]:
        """What a browser that goes there comes back with, once it is sent to an address of ours."""
        opener = urllib.request.build_opener(
            _Stay, urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        )
        own = {urlsplit(self.issuer).netloc, urlsplit(self.authorize).netloc}
        for _ in range(10):
            if urlsplit(address).netloc not in own:
                return dict(parse_qsl(urlsplit(address).query))
            with closing(_answered(opener, address)) as answer:
                address = urljoin(address, answer.headers["location"])
        raise AssertionError("sent around and around")


class _Stay(urllib.request.HTTPRedirectHandler):
    """Each step is ours to take."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _answered(opener: urllib.request.OpenerDirector, address: str) -> Any:
    try:
        return opener.open(address, timeout=30)
    except urllib.error.HTTPError as error:
        if error.code not in {302, 303}:
            raise AssertionError(f"{error.code} {error.read()[:300]!r}") from error
        return error


@contextmanager
def serving(folder: Path, *redirects: str) -> Iterator[Provider]:
    """The provider, which sends people back to these addresses only."""
    ports = free_port(), free_port()
    command = [str(node()), str(HERE / "provider.mjs"), str(folder), *map(str, ports), *redirects]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert "ready\n" in iter(process.stdout.readline, ""), "the provider did not start"
        wallet = f"http://localhost:{ports[1]}"
        yield Provider(f"http://127.0.0.1:{ports[0]}/auth/realms/esante-wallet", f"{wallet}/auth", wallet)
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()
