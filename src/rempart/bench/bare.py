"""The bare handler eligibility is compared with: raw ASGI, reads a POST body, answers fixed JSON; the hub's server."""

from __future__ import annotations

import gc
import socket
import sys
from pathlib import Path
from typing import Any

import uvicorn

BODY = b'{"answer":"not-confirmed"' + b" " * 600 + b"}"


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Reads the whole body and answers."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


def main() -> None:
    """`python -m rempart.bench.bare SOCKET`."""
    path = Path(sys.argv[1])
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen(2048)
    listener.setblocking(False)  # noqa: FBT003 - the standard library's own signature
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    config = uvicorn.Config(
        app, loop="uvloop", http="httptools", lifespan="off", access_log=False, log_config=None,
        server_header=False, date_header=False, proxy_headers=False,
    )  # fmt: skip
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
