"""The gateway for files composed from its own configuration: its keys, the hub, the SSH listener, health, figures."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from rempart.ground.files import SecretRefused, read_secret, write_whole

if TYPE_CHECKING:
    import asyncssh

    from rempart.sftp.gate import Gate
    from rempart.sftp.settings import Settings

PAUSE = 0.05
LAST_SECONDS = 30.0  # that files under way to the hub have when the program is told to stop


class StartRefusedError(Exception):
    """The gateway does not start: `code` is stable, the message says what to do."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def run(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT. Raises `StartRefusedError` before anything listens."""
    import uvloop

    uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    import uvicorn

    from rempart.api.health import health_app
    from rempart.api.metrics import registry
    from rempart.ground import logs
    from rempart.sftp.door import listen

    gate, host_key = made(settings)

    async def ready() -> tuple[str, ...]:
        return ()

    for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises again what it caught: files go first
        asyncio.get_running_loop().add_signal_handler(number, lambda: None)
    try:
        acceptor = await listen(settings, gate, host_key)
    except OSError as error:
        address = f"{settings.listen_host}:{settings.listen_port}"
        raise StartRefusedError("address-taken", f"{address} is not to be had ({error.strerror})") from None
    server = uvicorn.Server(
        uvicorn.Config(
            health_app(ready, registry(gate.figures.all())), host=settings.metrics_host, port=settings.metrics_port,
            access_log=False, log_config=None, lifespan="off",
        )
    )  # fmt: skip
    logs.get().info("the gateway serves", host=settings.listen_host, port=acceptor.get_port())
    try:
        await server.serve()
    finally:
        gate.stopping = True
        acceptor.close()
        await _emptied(gate)
        await gate.hub.close()
        gate.names.close()


async def _emptied(gate: Gate) -> None:
    """Until no file is held any more, or the time is over: what was not answered is sent again by its client."""
    for _ in range(int(LAST_SECONDS / PAUSE)):
        if not gate.quotas.held:
            return
        await asyncio.sleep(PAUSE)


def made(settings: Settings) -> tuple[Gate, asyncssh.SSHKey]:
    """The gate and the host key. Raises `StartRefusedError`."""
    import asyncssh

    from rempart.client.behalf import Gateway, GatewayAccount
    from rempart.client.hub import load_key
    from rempart.sftp.gate import Gate, SftpFigures
    from rempart.sftp.names import Names
    from rempart.sftp.quotas import Quotas

    key = load_key(settings.key_file)
    secret = read_secret(settings.host_key_file)
    for found in (key, secret):
        if isinstance(found, SecretRefused):
            raise StartRefusedError(found.code, found.reason)
    assert not isinstance(key, SecretRefused) and not isinstance(secret, SecretRefused)  # noqa: S101, PT018 - for mypy
    try:
        host_key = asyncssh.import_private_key(secret)
        hub = Gateway(GatewayAccount(settings.hub, settings.client, key, settings.hub_connect))
        names = Names(settings.names_file, key["d"].encode(), settings.names_days)
    except (ValueError, KeyError, asyncssh.KeyImportError):
        raise StartRefusedError(
            "key-malformed", "a key is not what `rempart sftp new-key` makes: make it again"
        ) from None
    except OSError as error:
        raise StartRefusedError("names-file", f"{settings.names_file} cannot be used ({error.strerror})") from None
    quotas = Quotas(settings.limits)
    return Gate(hub, names, quotas, SftpFigures(quotas)), host_key


def checked(settings: Settings) -> str:
    """Asks the hub for a client that nobody has: "" when it knows this gateway, else what is amiss.

    Raises `StartRefusedError`.
    """
    from rempart.client.exchange import Lost

    gate, _ = made(settings)

    async def asked() -> str:
        found = await gate.hub.admit("-", "-")
        await gate.hub.close()
        if isinstance(found, Lost):
            return f"{settings.hub} does not answer"
        code = getattr(found, "code", "")
        return "" if code == "ssh-key-unknown" else f"the hub does not take this gateway: {code}"

    try:
        return asyncio.run(asked())
    finally:
        gate.names.close()


def new_keys(key_file: Path, host_key_file: Path) -> tuple[str, str]:
    """The gateway's signing key and its host key in files of mode 0600.

    What to register, a public JWK, and what clients pin, an OpenSSH line. Raises FileExistsError.
    """
    import msgspec
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from rempart.client import assertion

    for path in (key_file, host_key_file):
        if path.exists():
            raise FileExistsError(path)
    key, host_key = assertion.generate_key(), Ed25519PrivateKey.generate()
    write_whole(key_file, msgspec.json.encode(key))
    write_whole(
        host_key_file, host_key.private_bytes(form.Encoding.PEM, form.PrivateFormat.OpenSSH, form.NoEncryption())
    )
    line = host_key.public_key().public_bytes(form.Encoding.OpenSSH, form.PublicFormat.OpenSSH)
    return msgspec.json.encode(assertion.public_key(key)).decode(), line.decode()
