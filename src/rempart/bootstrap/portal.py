"""The portal composed from its own configuration: its key, the hub's doors, the pages, and the HTTP server."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from rempart.ground.files import SecretRefused, write_whole

if TYPE_CHECKING:
    from rempart.portal.settings import Settings


class StartRefusedError(Exception):
    """The portal does not start: `code` is stable, the message says what to do."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def run(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT. Raises `StartRefusedError` before anything listens."""
    import uvloop

    uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    import uvicorn

    from rempart.client.doors import Doors, PortalAccount
    from rempart.client.hub import load_key
    from rempart.ground import logs
    from rempart.portal import demo
    from rempart.portal.app import application
    from rempart.portal.cities import Cities, CitiesError
    from rempart.portal.port import Portal
    from rempart.portal.words import languages

    people = demo.read(settings.unsafe_demo_people) if settings.unsafe_demo_people else ()
    if isinstance(people, SecretRefused):
        raise StartRefusedError(people.code, people.reason)
    key = load_key(settings.key_file)
    if isinstance(key, SecretRefused):
        raise StartRefusedError(key.code, key.reason)
    try:
        doors = Doors(PortalAccount(settings.hub, settings.operator.id, key, settings.hub_connect, settings.keeper))
    except (ValueError, KeyError):
        reason = f"{settings.key_file} is no private JWK, or keeper is not name+hash+key: make or copy it again"
        raise StartRefusedError("key-malformed", reason) from None
    try:
        cities = Cities(settings.cities)
    except CitiesError as error:
        raise StartRefusedError("cities-unreadable", str(error)) from None
    server = uvicorn.Server(
        uvicorn.Config(
            application(Portal(settings, doors, time.time, languages(), people, cities)), host=settings.listen_host,
            port=settings.listen_port, http="httptools", lifespan="off", access_log=False, log_config=None,
            server_header=False, proxy_headers=False,
        )
    )  # fmt: skip
    logs.get().info("the portal serves", host=settings.listen_host, port=settings.listen_port)
    try:
        await server.serve()
    finally:
        await doors.close()


def new_key(path: Path) -> str:
    """A new private key in a file of mode 0600; its thumbprint, which the operator registers.

    Raises FileExistsError when something is there: a key that is in use is never replaced by accident.
    """
    import msgspec

    from rempart.client.assertion import generate_key

    if path.exists():
        raise FileExistsError(path)
    key = generate_key()
    write_whole(path, msgspec.json.encode(key))
    return key["kid"]
