"""Files over SFTP through the real gateway, hub, keeper and worker: decided as over HTTPS, and nothing more opens."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import asyncssh
import psycopg
import pytest

from rempart.bootstrap.house import free_ports
from rempart.bootstrap.registering import registrar
from rempart.client import calls
from rempart.client.behalf import Behalf, Gateway, GatewayAccount
from rempart.client.hub import load_key
from rempart.ground.files import SecretRefused
from rempart.ground.instants import now
from rempart.simulation.caller import Caller, eligibility_request
from rempart.simulation.clients import registrations
from rempart.simulation.day import CONCENTRATED, CONCENTRATOR, UNMANDATED, events
from rempart.simulation.events import Ask, Lot, SendFile
from rempart.simulation.files import file_bytes
from rempart.storage.compartments import Shutting, open_again, shut
from rempart.wire.problem import Problem
from support import zygote
from support.houses import Town, town

pytestmark = pytest.mark.postgres
T = TypeVar("T")
GATE = "passerelle"
ALL = "select count(*) from rempart.inbound"
DECIDED = "select count(*) from rempart.inbound where state = 'decided'"


@dataclass
class Street:
    """A town with a gateway, and the concentrator's software with its SSH key."""

    town: Town
    folder: Path
    port: int
    health: int
    pinned: str
    key: asyncssh.SSHKey
    program: Any = None

    @property
    def config(self) -> Path:
        return self.folder / "sftp.toml"

    def launch(self) -> None:
        with (self.folder / "sftp.log").open("ab") as log:
            self.program = zygote.start(("sftp", "--config", str(self.config)), log)
        end = time.monotonic() + 60
        while not _answers(f"http://127.0.0.1:{self.health}/healthz"):
            assert self.program.poll() is None, (self.folder / "sftp.log").read_text()
            assert time.monotonic() < end
            time.sleep(0.05)

    def connected(self, use: Callable[[asyncssh.SFTPClient], Awaitable[T]], **more: Any) -> T:
        """What `use` returns, in an SFTP session."""

        async def run() -> T:
            known = asyncssh.import_known_hosts(f"[127.0.0.1]:{self.port} {self.pinned}\n")
            options = {
                "port": self.port, "username": CONCENTRATOR, "client_keys": [self.key], "known_hosts": known,
                "config": None, "agent_path": None,
            } | more  # fmt: skip
            async with (
                asyncssh.connect("127.0.0.1", **options) as connection,
                connection.start_sftp_client() as client,
            ):
                return await use(client)

        return asyncio.run(run())

    def file(self, number: int, *sites: int) -> bytes:
        """A concentrator's file of one bill for each of these sites, its own by its number; the first's is accepted."""
        first = self.town.country.site(sites[0]).number
        days = (self.town.country.day - timedelta(back) for back in range(8))
        bill = next(bill for day in days for bill in self.town.bills(day) if bill.invoice.site == first)
        chosen = []
        for site in sites:
            place = self.town.country.site(site).number
            invoice = replace(bill.invoice, site=place, number=f"{number + site:09d}")
            chosen.append(Lot(site, (replace(bill, invoice=invoice),)))
        sent = SendFile(self.town.world.now(), CONCENTRATOR, tuple(chosen), number, concentrator=True)
        return file_bytes(self.town.country, sent, {})


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    folder = tmp_path_factory.mktemp("s")
    with town(folder / "h", 60, simulated=False, insurers=2) as made:
        port, health = free_ports(2)
        pinned = zygote.run(
            "sftp", "new-key", "--key", str(folder / "sftp-key.json"), "--host-key", str(folder / "sftp-host-key"),
            "--public", str(folder / "sftp-public.json"),
        ).stdout.strip()  # fmt: skip
        key = asyncssh.generate_private_key("ssh-ed25519")
        key.write_public_key(folder / "id.pub")
        config = ("--config", str(made.house.config))
        for words in (
            ("add", GATE, "--kind", "gateway", "--key", str(folder / "sftp-public.json")),
            ("key", CONCENTRATOR, "--key", str(folder / "id.pub")),
        ):
            added = zygote.run("operator", "client", *words, *config)
            assert added.returncode == 0, added.stderr
        here = Street(made, folder, port, health, pinned, key)
        here.config.write_text(
            f'listen_port = {port}\nmetrics_port = {health}\nhub = "{made.house.base}"\nclient = "{GATE}"\n'
        )
        checked = zygote.run("sftp", "check", "--config", str(here.config))
        assert checked.returncode == 0, checked.stderr
        here.launch()
        yield here
        here.program.terminate()
        assert here.program.wait(60) == 0, (folder / "sftp.log").read_text()


def test_a_file_is_decided_as_over_https_and_a_lot_without_mandate_is_refused_alone(street: Street) -> None:
    """The report tells it; the same bytes over HTTPS are the same deposit; another client finds nothing."""
    mandated, *_ = (index for index in CONCENTRATED if index != UNMANDATED)
    content = street.file(700_000, mandated, UNMANDATED)

    async def work(client: asyncssh.SFTPClient) -> tuple[dict[str, Any], bytes]:
        await _put(client, "/depot/jour.b2.part", content)
        await client.rename("/depot/jour.b2.part", "/depot/jour.b2")
        report = await _report(client, "jour.b2")
        return report, await _got(client, "/retour/jour.b2.noemie")

    report, returned = street.connected(work)
    assert (report["state"], report["invoices"], report["accepted"]) == ("decided", 1, 1), report
    (fault,) = report["faults"]
    assert (fault["code"], fault["level"]) == ("no-mandate", "lot")
    assert returned.startswith(b"000")
    by_https = _over_https(street, content)
    assert by_https == report["file"]
    assert street.town.one("select count(*) from rempart.inbound where state <> 'refused'") == 1
    assert street.town.broken() == {}
    stranger = asyncssh.generate_private_key("ssh-ed25519")
    with pytest.raises(asyncssh.PermissionDenied):
        street.connected(work, client_keys=[stranger])
    log = (street.folder / "sftp.log").read_text()
    assert "a file was taken" in log
    assert "jour.b2" not in log


def test_a_killed_gateway_takes_nothing_and_the_file_sent_again_counts_once(street: Street) -> None:
    """Half of it was there: nothing is on the disk; afterwards it is taken once, and its name is found."""
    mandated, *_ = (index for index in CONCENTRATED if index != UNMANDATED)
    content = street.file(710_000, mandated)
    before, done = (street.town.one(count) for count in (ALL, DECIDED))

    async def halved(client: asyncssh.SFTPClient) -> None:
        file = await client.open("/depot/coupe.b2", "wb")
        await file.write(content[: len(content) // 2])
        street.program.kill()
        street.program.wait(30)
        raise ConnectionError

    with pytest.raises((ConnectionError, asyncssh.Error, OSError)):
        street.connected(halved)
    assert street.town.one(ALL) == before
    assert not [path for path in street.folder.iterdir() if path.is_file() and content[:64] in path.read_bytes()]
    street.launch()

    async def whole(client: asyncssh.SFTPClient) -> dict[str, Any]:
        await _put(client, "/depot/coupe.b2", content)
        return await _report(client, "coupe.b2")

    first, second = street.connected(whole), street.connected(whole)
    assert (first["accepted"], second["file"]) == (1, first["file"])
    assert street.town.one(DECIDED) == done + 1


def test_a_closed_channel_says_so_and_a_gateway_opens_nothing_else(street: Street) -> None:
    """The closure's sentence is the answer; the gateway's own token asks about nobody, and ends with the SSH key."""
    mandated, *_ = (index for index in CONCENTRATED if index != UNMANDATED)
    content = street.file(720_000, mandated)

    async def refused(client: asyncssh.SFTPClient) -> str:
        end = time.monotonic() + 30
        while time.monotonic() < end:  # the hub looks every second
            try:
                await _put(client, "/depot/ferme.b2", content[:-1] + bytes([time.monotonic_ns() % 255]))
            except asyncssh.SFTPFailure as error:
                return error.reason
        return ""

    with psycopg.connect(street.town.house.settings.database.worker_url, autocommit=True) as connection:
        assert shut(connection, Shutting("channel:files", "closed", "drill", "anne"), now()) is None
        try:
            assert street.connected(refused).startswith("compartment: ")
        finally:
            for officer in ("anne", "bruno"):
                open_again(connection, "channel:files", officer, now())

    asked = next(e for e in events(street.town.country, street.town.country.day) if isinstance(e, Ask))
    tried = (calls.eligibility(eligibility_request(asked)), calls.recent_invoices(), calls.debts(), calls.webhooks())
    found = asyncio.run(_by_the_gateways_key(street, tried))
    assert [getattr(each, "code", "") for each in found] == ["purpose"] * len(tried)
    with registrar(street.town.house.settings) as desk:
        assert desk.revoke_key(CONCENTRATOR, street.key.get_fingerprint(), now()) == ""
        assert desk.revoke_client(GATE, now()) == ""
    with pytest.raises((asyncssh.PermissionDenied, asyncssh.DisconnectError)):
        street.connected(refused)
    checked = zygote.run("sftp", "check", "--config", str(street.config))
    assert (checked.returncode, "client-revoked" in checked.stderr) == (1, True), checked.stderr


async def _by_the_gateways_key(street: Street, tried: tuple[Any, ...]) -> list[object]:
    """What a stolen gateway is told when it asks for more than files."""
    key = load_key(street.folder / "sftp-key.json")
    assert not isinstance(key, SecretRefused)
    hub = Gateway(GatewayAccount(street.town.house.base, GATE, key))
    try:
        behalf = await hub.admit(CONCENTRATOR, street.key.get_fingerprint())
        assert isinstance(behalf, Behalf), behalf
        return [await hub.perform(behalf, call) for call in tried]
    finally:
        await hub.close()


def _over_https(street: Street, content: bytes) -> str:
    """The deposit's id when the concentrator's own program sends the same file."""

    async def send() -> str:
        registration = next(one for one in registrations(street.town.country) if one.client == CONCENTRATOR)
        caller = Caller(street.town.house.base, registration, min(registration.sites), now=street.town.world.now)
        try:
            receipt = await caller.file(content)
        finally:
            await caller.close()
        assert not isinstance(receipt, Problem), receipt
        return receipt.file

    return asyncio.run(send())


async def _put(client: asyncssh.SFTPClient, path: str, content: bytes) -> None:
    async with client.open(path, "wb") as file:
        await file.write(content)


async def _got(client: asyncssh.SFTPClient, path: str) -> bytes:
    async with client.open(path, "rb") as file:
        content = await file.read()
    assert isinstance(content, bytes)
    return content


async def _report(client: asyncssh.SFTPClient, name: str) -> dict[str, Any]:
    """Of a file, once it is decided."""
    while True:  # the client's own timeout, and the run's, end what never comes
        found: dict[str, Any] = json.loads(await _got(client, f"/retour/{name}.rapport.json"))
        if found["state"] not in ("receiving", "received"):
            return found
        await asyncio.sleep(0.2)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
