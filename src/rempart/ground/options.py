"""The sections of the configuration file: every limit, with its unit in its name or in the comment beside it.

Each default is a value that is safe in production. What weakens protection is named `unsafe_…` or `demo_…`.
The figures of [budgets] and [rights] are start values, meant to be tuned by whoever runs a hub.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import msgspec
from msgspec import Meta

Port = Annotated[int, Meta(ge=0, le=65535)]
Count = Annotated[int, Meta(ge=1)]
Duration = Annotated[float, Meta(gt=0)]
Percent = Annotated[float, Meta(ge=0, le=100)]


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file."""


class Paths(Section, frozen=True, kw_only=True):
    """[paths]: relative ones start at the folder of the configuration file."""

    data: Path = Path("var")
    spool: Path = Path("var/spool")  # received and written files, sealed
    messages: Path = Path("var/messages")  # second halves of codes, for the operator's own mail to take away
    keeper_sockets: Path = Path("var/keeper")  # one socket per capability lies in it

    def keeper_socket(self, capability: str) -> Path:
        """Socket of one capability of the keeper: `ask`, `load`, `box` or `ring`."""
        return self.keeper_sockets / f"{capability}.sock"


class Database(Section, frozen=True, kw_only=True):
    """[database]: one URL per role, of any PostgreSQL 15 to 18. No passwords here: use a 0600 `passfile`."""

    owner_url: str = ""  # migrations only
    hub_url: str = ""
    worker_url: str = ""
    auditor_url: str = ""  # reads the log only


class Pkcs11(Section, frozen=True, kw_only=True):
    """[keeper.pkcs11]: the token that holds the key-encryption key."""

    module: Path = Path("/usr/lib/softhsm/libsofthsm2.so")
    token_label: str = "rempart"  # noqa: S105 - the label of a device, not a password
    key_label: str = "rempart-kek"
    pin_file: Path = Path("var/keeper-pin")  # mode 0600


class InvoiceMeter(Section, frozen=True, kw_only=True):
    """[keeper.meter.invoice]: the separate quota of purpose `invoice`; beyond it, a file waits for the batch window."""

    per_grant_a_day: Count = 1_000_000  # a concentrator's file has one authority per site
    per_actor_a_day: Count = 1_000_000
    per_site_a_day: Count = 50_000
    per_vendor_a_day: Count = 2_000_000
    total_a_day: Count = 6_000_000
    total_an_hour: Count = 3_000_000


class Meter(Section, frozen=True, kw_only=True):
    """[keeper.meter]: distinct identities a day that the keeper derives, whoever asks; beyond, it refuses."""

    per_grant_a_day: Count = 3_000
    per_actor_a_day: Count = 3_000
    per_site_a_day: Count = 6_000
    per_vendor_a_day: Count = 2_000_000
    total_a_day: Count = 4_000_000  # a floor: the keeper takes twice the busiest of the last 14 days when that is more
    total_an_hour: Count = 600_000  # what a taken-over hub can learn about at most in an hour
    rate_per_second: Count = 20_000  # identities, all callers together
    block: Count = 1_000  # identities reserved ahead on disk, 5 % of a limit at most; a crash counts them as used
    keepers: Count = 1  # each of n keepers enforces its 1/n of every figure
    invoice: InvoiceMeter = InvoiceMeter()


class KeeperGroups(Section, frozen=True, kw_only=True):
    """[keeper.groups]: Unix group that may use each socket; empty: only the keeper's own user."""

    ask: str = ""
    load: str = ""
    box: str = ""
    ring: str = ""


class Keeper(Section, frozen=True, kw_only=True):
    """[keeper]."""

    key_ring: Path = Path("var/keeper-ring/ring")  # mode 0600
    journal: Path = Path("var/keeper-ring/journal")
    kek: Literal["file", "pkcs11"] = "file"
    kek_file: Path = Path("var/keeper-kek")  # mode 0600
    ticket_seconds: Duration = 10
    grant_seconds: Duration = 900
    session_shift_seconds: Duration = 36_000  # after its sign-in a person's session ends, however busy
    session_idle_seconds: Duration = 900  # how long after a grant's end a session may still be renewed
    journal_fsync_milliseconds: Duration = 20  # the longest an entry waits for the disk
    card_lists: Path = Path("var/card-lists")  # folder: of each operator NAME.pub and NAME.json, card keys it signed
    loader_processes: Annotated[int, Meta(ge=1, le=64)] = 2  # that parse and seal rights files; one a core
    pkcs11: Pkcs11 = Pkcs11()
    meter: Meter = Meter()
    groups: KeeperGroups = KeeperGroups()


class ClientCertificate(Section, frozen=True, kw_only=True):
    """[hub.client_certificate]: the proxy that ends TLS and sets RFC 9440 `Client-Cert`; absent: no certificates."""

    proxy_socket: Path | None = None  # the hub listens to that proxy on this Unix socket only
    authorities: Path | None = None  # PEM certificates of the vendors' authorities
    proxy_group: str = ""  # Unix group that may connect to the socket; empty: only the hub's own user


class Hub(Section, frozen=True, kw_only=True):
    """[hub]."""

    number: Annotated[int, Meta(ge=0, le=254)] = 0  # each hub its own: question ids tell it
    host: str = "127.0.0.1"
    port: Port = 8443
    audience: str = "http://127.0.0.1:8443"  # public base URL; what assertions and proofs must name
    metrics_host: str = "127.0.0.1"
    metrics_port: Port = 9100
    cadence_milliseconds: Duration = 10  # D: an answer leaves at its arrival + D, or at the next multiple
    queue_limit: Count = 4_096  # requests waiting; beyond it 503
    deadline_milliseconds: Duration = 2_000  # of one request, waiting included
    lanes: Annotated[int, Meta(ge=1, le=64)] = 2
    batch_most: Annotated[int, Meta(ge=1, le=10_000)] = 256  # requests that share one round
    body_most_bytes: Count = 1_048_576
    file_most_bytes: Count = 1_073_741_824
    nonce_key_file: Path | None = None  # mode 0600, 32 bytes or more, the same for all hubs; none: made at start
    unsafe_plain_http: bool = False  # accept tokens on a listener that is neither loopback nor behind TLS
    client_certificate: ClientCertificate = ClientCertificate()


class Worker(Section, frozen=True, kw_only=True):
    """[worker]."""

    poll_milliseconds: Duration = 500  # between looks at the queue when it was empty
    batch_most: Annotated[int, Meta(ge=1, le=10_000)] = 400  # items of one round
    lanes: Annotated[int, Meta(ge=1, le=64)] = 3
    processes: Annotated[int, Meta(ge=1, le=64)] = 1  # that decide, beside the log's own
    part_invoices: Annotated[int, Meta(ge=1, le=1_000_000)] = 5_000  # of a file, taken at a time by one process
    lease_seconds: Annotated[int, Meta(ge=1, le=3_600)] = 30  # after which a silent process's part is another's
    check_seconds: Duration = 60  # between two looks at the invariants of the money
    card_lists: Path = Path("var/card-lists")  # folder: the lists of revoked cards, by which receipts are judged
    metrics_host: str = "127.0.0.1"
    metrics_port: Port = 9101


class Budget(Section, frozen=True, kw_only=True):
    """Distinct people unknown to the site that it may ask about in a day, by evidence."""

    typed: Annotated[int, Meta(ge=0)]
    machine: Annotated[int, Meta(ge=0)]


class AccountBudget(Budget, frozen=True, kw_only=True):
    """The same for one person who signs in at a portal, beside the budget of the site."""


class Budgets(Section, frozen=True, kw_only=True):
    """[budgets]: one table per profession; the start values, before a site has three months of history."""

    hour_fraction: Annotated[float, Meta(gt=0, le=1)] = 0.4  # of the day's budget that one hour may use
    vendor_a_day: Annotated[int, Meta(ge=0)] = 20_000  # of one vendor's client, all its sites together
    paper_card_times: Annotated[int, Meta(ge=1, le=10)] = 2  # the typed budget, of scanned paper cards and typed ones
    card_sites_a_day: Annotated[int, Meta(ge=1, le=1000)] = 6  # that may first meet one person by a signed card
    account: AccountBudget = AccountBudget(typed=10, machine=50)  # of one person, all its sites together
    probation: Annotated[int, Meta(ge=0)] = 10  # of one person for 72 hours after a recovery, all evidence together
    nurse: Budget = Budget(typed=10, machine=25)
    physiotherapist: Budget = Budget(typed=10, machine=25)
    speech_therapist: Budget = Budget(typed=10, machine=25)
    podologist: Budget = Budget(typed=10, machine=25)
    orthoptist: Budget = Budget(typed=10, machine=25)
    midwife: Budget = Budget(typed=10, machine=25)
    transport: Budget = Budget(typed=10, machine=40)
    doctor: Budget = Budget(typed=15, machine=40)
    equipment: Budget = Budget(typed=25, machine=60)
    dentist: Budget = Budget(typed=20, machine=40)
    optician: Budget = Budget(typed=25, machine=60)
    hearing: Budget = Budget(typed=10, machine=25)
    laboratory: Budget = Budget(typed=60, machine=400)
    radiology: Budget = Budget(typed=60, machine=250)
    pharmacy: Budget = Budget(typed=60, machine=400)
    clinic: Budget = Budget(typed=100, machine=600)
    hospital: Budget = Budget(typed=300, machine=3_000)

    def of(self, profession: str) -> Budget | None:
        """The budget of a profession, None when the configuration has no such table."""
        name = profession.replace("-", "_")
        found = getattr(self, name, None) if name in PROFESSIONS else None
        return found if isinstance(found, Budget) else None


PROFESSIONS = tuple(name for name, value in get_type_hints(Budgets).items() if value is Budget)


class Rights(Section, frozen=True, kw_only=True):
    """[rights]: what a rights file may do before two people must agree."""

    reject_percent: Percent = 0.5  # of lines; beyond it the file is refused
    reject_most: Count = 1_000  # lines; the smaller of the two holds
    quarantine_closing_percent: Percent = 2  # of people in rights
    quarantine_opening_percent: Percent = 10
    quarantine_formula_percent: Percent = 20
    prolong_days: Annotated[int, Meta(ge=0)] = 7  # previous rights while a file is quarantined
    retention_months: Count = 27
    report_lines_most: Count = 10_000  # bad lines told one by one; the rest is counted
    unsafe_clear_files: bool = False  # load rights files that lie on disk unsealed


class Account(Section, frozen=True, kw_only=True):
    """One of [[payment.accounts]]: a paying account. Its IBAN is sealed in the database under this reference."""

    reference: str
    operator: str


class Payment(Section, frozen=True, kw_only=True):
    """[payment]."""

    operator_name: str = "Rempart"  # as the bank file names the debtor
    accounts: tuple[Account, ...] = ()
    cycle_days: Count = 1
    least_cents: Annotated[int, Meta(ge=1)] = 1  # a payee is paid when it is due at least this
    output: Path = Path("var/payments")
    bank_key: Path | None = None  # the bank channel's X25519 public key, base64: bank files are sealed to it
    unsafe_clear_files: bool = False  # without a bank key: bank files lie readable in `output`
    demo_payee_verification: bool = False  # verification of payee is pretended
    demo_notices: bool = False  # what sites are told is written to a folder of `paths.spool`, and to nobody


class Settlement(Section, frozen=True, kw_only=True):
    """[settlement]: what insurers settle by. Without a key no settlement file is written."""

    output: Path = Path("var/settlements")
    signing_key: Path | None = None  # the operator's Ed25519 private key, PEM, mode 0600


class Exports(Section, frozen=True, kw_only=True):
    """[exports]: files that a person fetches. Both figures may be lowered, never raised (`domain.exports`)."""

    signed_above: Annotated[int, Meta(ge=0, le=50)] = 50  # invoices in one file: more ask for a fresh signature
    second_above: Annotated[int, Meta(ge=0, le=500)] = 500  # more ask for a second person's as well


class Batches(Section, frozen=True, kw_only=True):
    """[batches]: batches of questions. Answers leave at an instant drawn when the questions come."""

    release_after_seconds: Annotated[float, Meta(ge=600)] = 600  # at the earliest
    release_spread_seconds: Annotated[float, Meta(ge=1, le=3_000)] = 1_800  # drawn over so many seconds more
    kept_hours: Annotated[float, Meta(gt=0, le=24)] = 24  # after the release; then the answers are destroyed
    demo_release_seconds: Annotated[float, Meta(ge=0)] = 0  # in place of both figures above, where not 0


class Webhooks(Section, frozen=True, kw_only=True):
    """[webhooks]: telling sites' software what changed."""

    hosts: tuple[str, ...] = ()  # exact names of hosts that may be told, and no other
    signing_key: Path | None = None  # Ed25519 private key in PEM, mode 0600; without it nothing is sent
    seconds: Duration = 2  # between two looks at what is to be told, and at what expired
    demo_loopback: bool = False  # http to this machine is allowed


class ProviderClient(Section, frozen=True, kw_only=True):
    """[[pro_sante_connect.clients]]: what the provider gave one operator's portal; a secret, a certificate, or both."""

    operator: str
    client_id: str
    redirect_uri: str  # https://<portal>/pro-sante-connect/retour, as it is registered there
    secret_file: Path | None = None  # mode 0600
    certificate: Path | None = None  # PEM
    certificate_key: Path | None = None  # PEM, mode 0600


class ProSanteConnect(Section, frozen=True, kw_only=True):
    """[pro_sante_connect]: professionals who sign in by the national provider; without clients nobody does."""

    issuer: str = "https://auth.esw.esante.gouv.fr/auth/realms/esante-wallet"
    authorize: str = "https://wallet.esw.esante.gouv.fr/auth"  # on another host than the issuer: pinned
    acr: tuple[str, ...] = ("eidas1",)  # the levels that are enough; one of them must be told
    clients: tuple[ProviderClient, ...] = ()
    demo_loopback: bool = False  # http to a provider on this machine is allowed


class HospitalClient(Section, frozen=True, kw_only=True):
    """[[federation.hospitals]]: what a hospital's own OpenID provider gave one operator's portal."""

    operator: str
    name: str  # its word in the portal's address and at the keeper: small letters, digits, hyphens
    issuer: str
    authorize: str  # its sign-in page: pinned
    client_id: str
    redirect_uri: str  # https://<portal>/etablissement/<name>/retour, as it is registered there
    secret_file: Path | None = None  # mode 0600
    certificate: Path | None = None  # PEM
    certificate_key: Path | None = None  # PEM, mode 0600


class Federation(Section, frozen=True, kw_only=True):
    """[federation]: hospitals whose people sign in by the hospital's own provider; without one nobody does."""

    hospitals: tuple[HospitalClient, ...] = ()
    demo_loopback: bool = False  # http to a provider on this machine is allowed


class Log(Section, frozen=True, kw_only=True):
    """[log]: the public, verifiable log of disclosures."""

    origin: str = "rempart.example/log"  # first line of every checkpoint
    fold_seconds: Duration = 2
    checkpoint_seconds: Duration = 60
    reconcile_seconds: Duration = 30  # between two comparisons of the keeper's journal with the disclosures
    reconcile_grace_seconds: Duration = 60  # one side may lag the other so long
    reconcile_freeze_above: Annotated[int, Meta(ge=0)] = 2_000  # openings a day without disclosure that close the hub


class Demo(Section, frozen=True, kw_only=True):
    """[demo]: what only a demonstration or a bench may set."""

    demo_simulated_clock: bool = False
    demo_invented_keys: bool = False  # key ring and accounts made at start, for nobody
    unsafe_meter_off: bool = False  # a bench measures without the keeper's meter
    unsafe_cadence_off: bool = False  # answers leave as soon as they are ready: timing can be read


class Settings(Section, frozen=True, kw_only=True):
    """The whole file."""

    production: bool = False
    paths: Paths = Paths()
    database: Database = Database()
    keeper: Keeper = Keeper()
    hub: Hub = Hub()
    worker: Worker = Worker()
    budgets: Budgets = Budgets()
    rights: Rights = Rights()
    payment: Payment = Payment()
    settlement: Settlement = Settlement()
    exports: Exports = Exports()
    batches: Batches = Batches()
    webhooks: Webhooks = Webhooks()
    pro_sante_connect: ProSanteConnect = ProSanteConnect()
    federation: Federation = Federation()
    log: Log = Log()
    demo: Demo = Demo()

    def dangers(self) -> tuple[str, ...]:
        """Every `unsafe_…` and `demo_…` option that is set, as `section.key`."""
        return tuple(key for key, value in flat(self) if _dangerous(key) and value not in (False, 0, "", None))


def flat(section: Section, prefix: str = "") -> tuple[tuple[str, Any], ...]:
    """Every option as (`section.key`, value), sections opened."""
    found: list[tuple[str, Any]] = []
    for name in section.__struct_fields__:
        value = getattr(section, name)
        if isinstance(value, Section):
            found.extend(flat(value, f"{prefix}{name}."))
        else:
            found.append((f"{prefix}{name}", value))
    return tuple(found)


def _dangerous(key: str) -> bool:
    return key.rpartition(".")[2].startswith(("unsafe_", "demo_"))
