"""The examples of the guide for machine clients, run as printed against the real token endpoint over HTTP."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import uvicorn
from litestar import Litestar, Request, Response, post

from rempart.api.signin import Denied
from rempart.api.token import PATH, token_routes
from rempart.ground import instants
from support.token_world import SITE, TokenWorld

if TYPE_CHECKING:
    from collections.abc import Iterator

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "machine-clients.md"
BLOCKS: dict[str, str] = dict(re.findall(r"```(?:python|bash) (\w+)\n(.*?)```", GUIDE.read_text(), re.DOTALL))


def application(world: TokenWorld, base: str) -> Litestar:
    @post("/v1/eligibility", status_code=200)
    async def eligibility(request: Request[Any, Any, Any]) -> Response[dict[str, str]]:
        """Real sign-in; what is behind the door is another test's."""
        headers = list(request.scope["headers"])
        found = await world.sign_in.authenticate_or_read(headers, "POST", f"{base}/v1/eligibility", instants.now())
        if isinstance(found, Denied):
            refusal = {name.decode(): value.decode() for name, value in found.headers}
            return Response({"code": found.problem.code}, status_code=401, headers=refusal)
        return Response({"answer": f"signed in for {found.site}"})

    return Litestar([*token_routes(world.endpoint, instants.now), eligibility])


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[tuple[TokenWorld, dict[str, str]]]:
    """A hub on a free port, and what the guide's reader has in the environment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        world = TokenWorld(base + PATH, base)
        config = uvicorn.Config(application(world, base), log_level="error", ws="none", lifespan="off", loop="asyncio")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        reader = {"REMPART_HUB": base, "REMPART_CLIENT": "vendor", "REMPART_SITE": SITE}
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        yield world, {"REMPART_KEY": str(tmp_path / "key.json"), "PATH": path, **reader}
        server.should_exit = True
        thread.join(10)


def registered(environment: tuple[TokenWorld, dict[str, str]]) -> dict[str, str]:
    """Runs the first example and does what the operator does with its output."""
    world, reader = environment
    jwk = msgspec.json.decode(run([sys.executable, "-c", BLOCKS["register"]], reader))
    world.registry.jwks["vendor"] = {jwk["kid"]: jwk}
    assert Path(reader["REMPART_KEY"]).stat().st_mode & 0o777 == 0o600
    return reader


def run(command: list[str], reader: dict[str, str]) -> str:
    done = subprocess.run(command, env=reader, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_python_example_gets_a_token_and_asks(environment: tuple[TokenWorld, dict[str, str]]) -> None:
    """From a fresh key to a signed-in question."""
    reader = registered(environment)
    assert run([sys.executable, "-c", BLOCKS["ask"]], reader).strip() == f"signed in for {SITE}"


def test_the_curl_example_gets_a_token(environment: tuple[TokenWorld, dict[str, str]]) -> None:
    """The shell's way ends in a token of the right kind."""
    assert shutil.which("curl"), "curl is needed"
    answer = msgspec.json.decode(run(["bash", "-c", BLOCKS["curl"]], registered(environment)))
    assert (answer["token_type"], answer["site"]) == ("DPoP", SITE)


def test_an_unregistered_key_is_told_so(environment: tuple[TokenWorld, dict[str, str]]) -> None:
    """The example prints the stable code and fails when the operator does not know the key."""
    world, reader = environment
    registered(environment)
    world.registry.jwks["vendor"] = {}
    done = subprocess.run(
        [sys.executable, "-c", BLOCKS["ask"]], env=reader, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr.strip()) == (1, "unknown-key")
