"""What can only be seen while programs run: the keeper, a forged certificate header, the reconciliation."""

from __future__ import annotations

import http.client

from .findings import NO_DATABASE, Check, Fault, Ground, LeftOut, Ok, Outcome, found
from .machine import answers
from .starting import FORGED, TRIED, forged_fault, refused

LATE_ROUNDS = 20  # rounds missed before a reconciliation is late
LEAST_LATE = 120_000_000  # microseconds
DAY = 86_400_000_000


def keeper(ground: Ground) -> Outcome:
    """The keeper answers on its ring socket."""
    from rempart.sealing.client import KeeperSync, KeeperUnavailable
    from rempart.sealing.ringing import OPERATIONS, Nothing

    path = ground.settings.paths.keeper_socket("ring")
    try:
        if not path.exists():
            return LeftOut("the keeper is not running")
    except PermissionError:
        return LeftOut("this user may not ask the keeper")
    try:
        with KeeperSync(str(path), OPERATIONS, timeout_seconds=5) as asked:
            health = asked.call("health", [Nothing()])[0]
    except KeeperUnavailable:
        todo = "start it (`rempart keeper run`), or as the keeper's user look at its log"
        return (Fault("keeper-silent", "the keeper's socket is there and nobody answers", todo),)
    return Ok(f"answers, {len(health.insurers)} insurers")


def proxy_header(ground: Ground) -> Outcome:
    """Only the named proxy may speak of certificates: the public listener refuses a forged header."""
    hub = ground.settings.hub
    if hub.client_certificate.proxy_socket is None:
        return LeftOut("client certificates are not used")
    if not hub.port or not answers(hub.metrics_host, hub.metrics_port):
        return LeftOut("the hub is not running; it tries this itself when it starts in production")
    believed = tuple(path for method, path in TRIED if not _refuses(hub.host, hub.port, (method, path)))
    return found([forged_fault(believed)] if believed else [], "a forged header is refused")


def _refuses(host: str, port: int, asked: tuple[str, str]) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=5)
    headers = {name.decode(): value.decode() for name, value in FORGED}
    try:
        connection.request(asked[0], asked[1], b"{}", {**headers, "Content-Type": "application/json"})
        return refused(connection.getresponse().read(65_536))
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def reconciliation(ground: Ground) -> Outcome:
    """The last comparison of the keeper's journal with the disclosures, and what it found."""
    connection = ground.connections.get("worker")
    if connection is None:
        return NO_DATABASE
    row = connection.execute("select instant, entries, halted from rempart.reconciliation").fetchone()
    if row is None or not row[0]:
        return LeftOut("the worker has not compared anything yet")
    instant, entries, halted = row
    now = ground.now()
    faults: list[Fault] = []
    if halted:
        faults.append(Fault("reconciliation-halted", f"nothing can be compared: {halted}", _HALTED))
    late = max(LATE_ROUNDS * int(ground.settings.log.reconcile_seconds * 1_000_000), LEAST_LATE)
    worker = ground.settings.worker
    if not halted and now - instant > late and answers(worker.metrics_host, worker.metrics_port):
        sentence = f"the worker runs and compared last {(now - instant) // 1_000_000} s ago"
        faults.append(
            Fault("reconciliation-late", sentence, "look at the worker's log; end transactions that stay open")
        )
    (opened,) = connection.execute(
        "select count(*) from rempart.opened_undisclosed where found > %s", (now - DAY,)
    ).fetchone() or (0,)
    if opened:
        sentence = f"{opened} records were opened since yesterday and disclosed to nobody"
        faults.append(Fault("opened-undisclosed", sentence, _OPENED))
    closed = connection.execute(
        "select reason from rempart.compartment where compartment = 'hub' and state = 'closed'"
    ).fetchone()
    if closed:
        faults.append(Fault("hub-closed", "compartment hub is closed: nothing is answered", _CLOSED))
    return found(faults, f"{entries} openings compared, the last {max(0, now - instant) // 1_000_000} s ago")


_HALTED = (
    "give the keeper its journal back, or the database its own continuation; when that is impossible treat all since "
    "then as opened, then set halted = '' and both positions in rempart.reconciliation"
)
_OPENED = (
    "after a crash of hub, worker or keeper at that minute: note it as its scope; without one: take the hub out of "
    "service, its host is not ours any more"
)
_CLOSED = "find out why (rempart.alarm), then `rempart operator compartment open hub`, by two people"

KEEPER = Check("keeper", "The keeper answers (left out when it does not run).", ("keeper-silent",), keeper)
PROXY_HEADER = Check(
    "proxy-headers", "The running hub refuses a forged Client-Cert header on its public listener.",
    ("forged-certificate-passes",), proxy_header,
)  # fmt: skip
RECONCILIATION = Check(
    "reconciliation", "The keeper's journal and the disclosures were compared lately and agree; the hub is open.",
    ("reconciliation-halted", "reconciliation-late", "opened-undisclosed", "hub-closed"), reconciliation,
)  # fmt: skip
