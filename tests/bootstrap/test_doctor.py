"""`rempart doctor` on an installation broken in one way at a time: the fault is found, and the page says what to do."""

from __future__ import annotations

import json
import os
import resource
import socket
import sys
import zoneinfo
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from rempart.bootstrap.checks import database, machine, running
from rempart.bootstrap.checks.findings import Fault, Finding, Ground, LeftOut, Ok, Outcome
from rempart.bootstrap.checks.starting import start_faults
from rempart.bootstrap.doctor import CHECKS, examine, ground_of, healthy
from rempart.cli import main
from rempart.cli._output import Exit
from rempart.gateways.messages import Message, Messages
from rempart.ground.instants import now
from support.databases import Database
from support.installation import Installation, install

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rempart.storage.embedded import EmbeddedPostgres

PAGE = Path(__file__).parents[2] / "docs" / "operations" / "doctor.md"
# The shared server of the tests does not sync; a server that does is in the journey of the attack.
TEST_SERVER = {"fsync-off", "full-page-writes-off"}


@pytest.fixture(scope="module")
def shared(postgres_server: EmbeddedPostgres, postgres_template: str) -> Iterator[Database]:
    """One migrated database that no test changes: most faults are elsewhere."""
    postgres_server.make_database("doctor", template=postgres_template)
    yield Database(postgres_server, "doctor")
    postgres_server.drop_database("doctor")


@pytest.fixture
def installation(tmp_path: Path, shared: Database) -> Installation:
    """Nothing is wrong with it; its database stays as it is."""
    return install(tmp_path, shared)


@pytest.fixture
def breakable(tmp_path: Path, postgres: Database) -> Installation:
    """Nothing is wrong with it, and its database is its own."""
    return install(tmp_path, postgres)


def _found(installation: Installation) -> set[tuple[str, str]]:
    findings = examine(installation.write())
    return {(f.check, fault.code) for f in findings for fault in f.faults if fault.code not in TEST_SERVER}


def _by(installation: Installation, name: str) -> tuple[Fault, ...]:
    """What one check says; of the configuration, what it says before there is a ground to stand on."""
    if name == "configuration":
        return examine(installation.write())[0].faults
    outcome = _outcome(installation, name)
    assert isinstance(outcome, tuple), outcome
    return outcome


def _outcome(installation: Installation, name: str) -> Outcome:
    check = next(check for check in CHECKS if check.name == name)
    with ground_of(installation.settings()) as ground:
        return check.run(ground)


def test_a_good_installation_has_no_fault(installation: Installation) -> None:
    """Nothing is found; what needs running programs is left out and said so."""
    findings = {finding.check: finding.outcome for finding in examine(installation.write())}
    assert _found(installation) == set()
    assert isinstance(findings["database-version"], Ok)
    for name in ("keeper", "proxy-headers", "reconciliation"):
        assert isinstance(findings[name], LeftOut)


def _ring(i: Installation) -> Path:
    return i.folder / "var" / "keeper-ring" / "ring"


def _swap_kek(i: Installation) -> None:
    (i.folder / "var" / "keeper-kek").write_bytes(bytes(32))


def _kek_beside(i: Installation) -> None:
    (i.folder / "var" / "keeper-kek").rename(_ring(i).parent / "kek")
    i.set("keeper", "kek_file", '"var/keeper-ring/kek"')
    _production(i)


def _production(i: Installation) -> None:
    i.head = "production = true\n"
    i.set("hub", "audience", '"https://hub.example"')


def _plain_audience(i: Installation) -> None:
    i.head = "production = true\n"


def _spool(i: Installation, mode: int) -> None:
    spool = i.folder / "var" / "spool"
    spool.mkdir()
    spool.chmod(mode)


def _file_as_spool(i: Installation) -> None:
    (i.folder / "var" / "spool").write_text("")


def _same_ports(i: Installation) -> None:
    i.set("hub", "metrics_port", i.options["hub"]["port"])


def _sql(statement: str) -> Callable[[Installation], None]:
    return lambda i: i.admin(statement)


def _reconciled(statement: str) -> Callable[[Installation], None]:
    def broken(i: Installation) -> None:
        i.admin("update rempart.reconciliation set instant = %s", now())
        i.admin(statement)

    return broken


DEFINER = "language sql security definer as 'select 1'"
BROKEN: tuple[tuple[str, str, Callable[[Installation], None]], ...] = (
    ("configuration", "configuration-not-toml", lambda i: setattr(i, "head", "= 1\n")),
    ("configuration", "unknown-key", lambda i: i.set("hub", "prot", "1")),
    ("configuration", "wrong-type", lambda i: i.set("hub", "lanes", "0")),
    ("configuration", "danger-in-production", lambda i: (_production(i), i.set("demo", "unsafe_meter_off", "true"))[1]),
    ("configuration", "password-in-url", lambda i: i.set("database", "hub_url", '"postgresql://a:b@h/d"')),
    ("configuration", "url-missing", lambda i: (_production(i), i.set("database", "hub_url", '""'))[1]),
    ("configuration", "missing-key", lambda i: i.set("budgets", "nurse", "{ typed = 1 }")),
    ("dangers", "audience-not-https", _plain_audience),
    ("dangers", "plain-http-listener", lambda i: i.set("hub", "host", '"0.0.0.0"')),
    ("key-ring", "secret-absent", lambda i: _ring(i).unlink()),
    ("key-ring", "secret-open", lambda i: _ring(i).chmod(0o640)),
    ("key-ring", "secret-not-a-file", lambda i: (_ring(i).unlink(), _ring(i).mkdir())[1]),
    ("key-ring", "secret-unreadable", lambda i: (_ring(i).rename(_ring(i).parent / "r"), _ring(i).symlink_to("r"))[1]),
    ("key-ring", "secret-too-big", lambda i: os.truncate(_ring(i), 1 << 25)),
    ("key-ring", "ring-folder-open", lambda i: _ring(i).parent.chmod(0o755)),
    ("key-ring", "ring-damaged", lambda i: os.truncate(_ring(i), _ring(i).stat().st_size - 1)),
    ("key-ring", "ring-format", lambda i: _ring(i).write_bytes(_ring(i).read_bytes().replace(b"ring/1", b"ring/9", 1))),
    ("key-ring", "kek-missing", _swap_kek),
    ("key-ring", "kek-missing", lambda i: (i.folder / "var" / "keeper-kek").chmod(0o644)),
    ("key-encryption-key", "kek-beside-ring", _kek_beside),
    ("database", "database-unreachable", lambda i: i.set("database", "hub_url", '"postgresql://x@/y?host=/no"')),
    ("durability", "synchronous-commit-off", lambda i: i.set("database", "hub_url", _slack(i))),
    ("ports", "port-twice", _same_ports),
    ("ports", "socket-path-long", lambda i: i.set("paths", "keeper_sockets", f'"{"k" * 100}"')),
    ("ports", "port-unusable", lambda i: i.set("hub", "host", '"192.0.2.1"')),
    ("folders", "folder-open", lambda i: _spool(i, 0o755)),
    ("folders", "folder-not-folder", _file_as_spool),
)  # fmt: skip
BROKEN_DATABASE: tuple[tuple[str, str, Callable[[Installation], None]], ...] = (
    ("migration", "migration-behind", _sql("update rempart_migration set version_num = '0001'")),
    ("migration", "migration-ahead", _sql("update rempart_migration set version_num = '9999'")),
    ("migration", "migration-absent", _sql("delete from rempart_migration")),
    ("grants", "grant-too-wide", _sql("grant update on rempart.transfer to rempart_hub")),
    ("grants", "grant-too-wide", _sql("grant insert on rempart.disclosure to rempart_worker")),
    ("grants", "grant-too-wide", _sql("grant select (sealed_iban) on rempart.paying_account to rempart_hub")),
    ("grants", "grant-too-wide", _sql("grant select on rempart.invoice to rempart_auditor")),
    ("grants", "grant-too-wide", _sql("grant select on rempart.met to public")),
    ("grants", "grant-too-wide", _sql("create table rempart.x (x int); grant select on rempart.x to rempart_hub")),
    ("grants", "grant-missing", _sql("revoke select on rempart.site from rempart_hub")),
    ("grants", "function-too-wide", _sql("grant execute on function rempart.ensure_month to rempart_hub")),
    ("grants", "schema-too-wide", _sql("grant create on schema rempart to rempart_worker")),
    ("owners", "owner-wrong", _sql("alter table rempart.site owner to rempart_admin")),
    ("guarded-functions", "settle-absent", _sql("drop function rempart.settle")),
    ("guarded-functions", "settle-not-guarded", _sql("alter function rempart.settle reset search_path")),
    ("guarded-functions", "settle-not-guarded", _sql("alter function rempart.settle security invoker")),
    ("guarded-functions", "settle-not-guarded", _sql(f"create function rempart.trap() returns int {DEFINER}")),
    ("append-only", "append-only-off", _sql("alter table rempart.transfer disable trigger append_only")),
    ("append-only", "append-only-off", _sql("drop trigger append_only on rempart.decision")),
    ("append-only", "append-only-off", _sql("alter table rempart.disclosure_24322 disable trigger append_only")),
    (
        "reconciliation", "reconciliation-halted",
        _reconciled("update rempart.reconciliation set halted = 'journal-damaged'"),
    ),
    (
        "reconciliation", "opened-undisclosed",
        _reconciled("insert into rempart.opened_undisclosed values ('\\x00', '\\x00', 'read', 0, 9000000000000000)"),
    ),
    (
        "reconciliation", "hub-closed",
        _reconciled("insert into rempart.compartment (compartment, state) values ('hub', 'closed')"),
    ),
)  # fmt: skip


def _slack(i: Installation) -> str:
    return f'"{i.database.url("hub")}&options=-c%20synchronous_commit%3Doff"'


def _cases(cases: tuple[tuple[str, str, Callable[[Installation], None]], ...]) -> pytest.MarkDecorator:
    names = [f"{code}-{number}" for number, (_, code, _) in enumerate(cases)]
    return pytest.mark.parametrize(("check", "code", "breaks"), cases, ids=names)


def _check(installation: Installation, check: str, code: str) -> None:
    faults = _by(installation, check)
    assert code in {fault.code for fault in faults}
    assert all(fault.sentence and fault.todo for fault in faults)


@_cases(BROKEN)
def test_each_fault_is_found(
    installation: Installation, check: str, code: str, breaks: Callable[[Installation], None]
) -> None:
    """One thing is broken: its own check says so with its own code, and what to do."""
    breaks(installation)
    _check(installation, check, code)


@_cases(BROKEN_DATABASE)
def test_each_fault_of_the_database_is_found(
    breakable: Installation, check: str, code: str, breaks: Callable[[Installation], None]
) -> None:
    """The same, each in a database of its own."""
    breaks(breakable)
    _check(breakable, check, code)


def test_a_broken_configuration_tells_all_and_leaves_the_rest_out(installation: Installation) -> None:
    """Every fault of the file at once; nothing else is guessed at."""
    installation.set("hub", "prot", "1")
    installation.set("worker", "lanes", "0")
    first, *rest = examine(installation.write())
    assert {fault.code for fault in first.faults} == {"unknown-key", "wrong-type"}
    assert all(isinstance(finding.outcome, LeftOut) for finding in rest)
    installation.config.unlink()
    assert examine(installation.config)[0].faults[0].code == "configuration-absent"
    installation.config.write_bytes(b"\xff")
    assert examine(installation.config)[0].faults[0].code == "configuration-unreadable"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("in role rempart_hub, rempart_worker", "role-membership"),
        ("", "role-membership"),
        ("in role rempart_owner", "role-membership"),
        ("createrole in role rempart_hub", "role-too-strong"),
        ("bypassrls in role rempart_hub", "role-too-strong"),
    ],
)
def test_a_login_with_more_or_less_than_its_group_is_found(installation: Installation, words: str, code: str) -> None:
    """A login of two groups, of none, of another, or with a power that passes every grant."""
    url = installation.login("doctor_probe", words)
    installation.set("database", "hub_url", f'"{url}"')
    try:
        assert code in {fault.code for fault in _by(installation, "database-roles")}
    finally:
        installation.drop_login("doctor_probe")


def test_a_right_of_the_login_itself_counts(breakable: Installation) -> None:
    """What was granted to the login beside its group is too wide all the same."""
    url = breakable.login("doctor_probe", "in role rempart_hub")
    breakable.set("database", "hub_url", f'"{url}"')
    breakable.admin("grant delete on rempart.disclosure to doctor_probe")
    try:
        assert "grant-too-wide" in {fault.code for fault in _by(breakable, "grants")}
    finally:
        breakable.drop_login("doctor_probe")


def test_a_ring_of_another_user_is_found(installation: Installation) -> None:
    """A ring that this user can read and does not own is refused, as the keeper would refuse it."""
    if os.geteuid() == 0:
        os.chown(_ring(installation), 12345, -1)
        expected = ("key-ring", "secret-not-ours")
    else:
        _ring(installation).parent.chmod(0o000)
        findings = {finding.check: finding.outcome for finding in examine(installation.write())}
        _ring(installation).parent.chmod(0o700)
        assert isinstance(findings["key-ring"], LeftOut)
        _ring(installation).chmod(0o644)
        expected = ("key-ring", "secret-open")
    assert expected in _found(installation)


def _codes(outcome: Any) -> list[str]:
    return [fault.code for fault in outcome] if isinstance(outcome, tuple) else []


def test_another_program_on_a_port_is_found(installation: Installation) -> None:
    """A port that somebody else holds is a fault; one that nobody holds is not."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(installation.options["worker"]["metrics_port"])))
        other.listen(1)
        other.settimeout(0)
        assert ("ports", "port-in-use") in _found(installation)
    assert _found(installation) == set()


def test_a_clock_that_is_off_is_found(installation: Installation) -> None:
    """More than two seconds away from the database's clock."""
    with ground_of(installation.settings()) as ground:
        assert _codes(database.clock(ground)) == []
        off = Ground(ground.settings, ground.connections, now=lambda: now() + 3_000_000)
        assert _codes(database.clock(off)) == ["clock-skew"]
        later = Ground(ground.settings, ground.connections, now=lambda: now() + 3 * 31_536_000_000_000)
        assert _codes(database.months(later)) == ["month-absent", "month-absent"]


@pytest.mark.parametrize(
    ("number", "code"), [(140_005, ["database-version"]), (150_000, []), (190_000, ["database-version"])]
)
def test_a_server_too_old_or_too_new_is_found(installation: Installation, number: int, code: list[str]) -> None:
    """PostgreSQL 14 and 19 are refused, 15 is not."""
    server: Any = SimpleNamespace(info=SimpleNamespace(server_version=number))
    assert _codes(database.version(Ground(installation.settings(), {"owner": server}))) == code


def test_a_server_that_does_not_sync_is_found(installation: Installation) -> None:
    """The server of these tests runs without fsync: doctor sees that."""
    with ground_of(installation.settings()) as ground:
        assert set(_codes(database.durability(ground))) >= TEST_SERVER


def test_a_machine_too_small_is_found(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too little disk, too few open files, no time zone data."""
    ground = Ground(installation.settings())
    monkeypatch.setattr(machine, "LEAST_FREE", 1 << 60)
    assert set(_codes(machine.disk(ground))) == {"disk-short"}
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 256))
    assert _codes(machine.files(ground)) == ["file-limit"]
    for name in ("tzdata", *(name for name in tuple(sys.modules) if name.startswith("tzdata."))):
        monkeypatch.setitem(sys.modules, name, None)  # whoever read a zone of it before holds its parts
    try:
        zoneinfo.reset_tzpath(to=())
        assert _codes(machine.zones(ground)) == ["zone-data-absent"]
    finally:
        zoneinfo.reset_tzpath()


@pytest.mark.parametrize(
    ("mode", "name", "code"), [(0o500, "var/spool", "folder-not-writable"), (0o500, "out/x", "folder-absent")]
)
def test_a_folder_that_cannot_be_written_is_found(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, mode: int, name: str, code: str
) -> None:
    """Root may write anywhere, so the system's answer is given for it."""
    made = installation.folder / (name if code == "folder-not-writable" else "out")
    made.mkdir(mode=mode)
    installation.set("paths", "spool", f'"{name}"')
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != made)
    assert ("folders", code) in _found(installation)


def test_messages_that_nobody_takes_away_are_found(installation: Installation) -> None:
    """One of this hour is no fault, one of two days ago is."""
    messages = Messages(installation.settings().paths.messages)
    message = Message("invitation", "horizon", "a7k2m9x4c1v8b3n5", "751234568", "9X4C-1V8B", now(), now())
    path = messages.put(message)
    assert ("messages", "messages-not-taken") not in _found(installation)
    two_days_ago = now() / 1e6 - 2 * 86_400
    os.utime(path, (two_days_ago, two_days_ago))
    assert ("messages", "messages-not-taken") in _found(installation)


def test_an_insurer_without_any_contract_is_a_warning_in_production(breakable: Installation) -> None:
    """Served for every operator, which may be meant so: told with what to do, by number; a contract ends it."""
    breakable.admin(
        "insert into rempart.insurer (insurer, name, operator, member_rule, since) "
        "values ('0000401166', 'X', 'op', '{}', 0)"
    )
    assert isinstance(_outcome(breakable, "contracts"), LeftOut), "outside production nobody is told"
    _production(breakable)
    (fault,) = _by(breakable, "contracts")
    assert (fault.code, "0000401166" in fault.sentence, fault.warns) == ("insurer-without-contract", True, True)
    assert healthy((Finding("contracts", (fault,)),))
    assert not healthy((Finding("contracts", (fault, Fault("a", "b", "c"))),))
    breakable.admin(
        "insert into rempart.insurer_contract (operator, insurer, starts, said_by, noted) "
        "values ('op', '0000401166', '2026-01-01', 'anne', 0)"
    )
    assert isinstance(_outcome(breakable, "contracts"), Ok)


def test_a_dead_keeper_and_a_late_reconciliation_are_found(
    breakable: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A socket that nobody answers on; a worker that runs and has not compared for long."""
    settings = breakable.settings()
    settings.paths.keeper_sockets.mkdir(mode=0o750)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(settings.paths.keeper_socket("ring")))
    assert _codes(running.keeper(Ground(settings))) == ["keeper-silent"]
    breakable.admin("update rempart.reconciliation set instant = 1")
    monkeypatch.setattr(running, "answers", lambda *_: True)
    with ground_of(settings) as ground:
        assert _codes(running.reconciliation(ground)) == ["reconciliation-late"]


def test_in_production_no_program_starts_with_a_fault(installation: Installation) -> None:
    """Hub and worker look at dangers, the keeper at its keys too; outside production nothing is refused."""
    assert start_faults(installation.settings(), "keeper") == ()
    _kek_beside(installation)
    assert [fault.code for fault in start_faults(installation.settings(), "keeper")] == ["kek-beside-ring"]
    assert start_faults(installation.settings(), "hub") == ()
    installation.set("hub", "host", '"0.0.0.0"')
    for program in ("hub", "worker"):
        assert [fault.code for fault in start_faults(installation.settings(), program)] == ["plain-http-listener"]


def test_the_command_says_no_and_what_to_do(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1 and the sentence; with --json one object that a program can read."""
    _ring(installation).chmod(0o644)
    words = ["rempart", "doctor", "--config", str(installation.write())]
    for more in ([], ["--json"]):
        monkeypatch.setattr(sys, "argv", [*words, *more])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == Exit.NO
        said = capsys.readouterr().out
        assert "secret-open" in said
    told = json.loads(said)
    assert told["healthy"] is False
    assert [check["check"] for check in told["checks"]] == [check.name for check in CHECKS]


def test_the_page_names_every_check_and_code() -> None:
    """docs/operations/doctor.md has each check, and each code with what to do; no other."""
    rows = [line.split("|")[1:-1] for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    told = {(row[0].strip(" `"), row[1].strip(" `")) for row in rows}
    assert told == {(check.name, code) for check in CHECKS for code in check.codes}
    assert all(row[2].strip() and row[3].strip() for row in rows)
    assert all(check.about in PAGE.read_text("utf-8") for check in CHECKS)


def test_the_table_above_breaks_every_code() -> None:
    """No code is without a test in this folder: those not in the table have one of their own."""
    text = Path(__file__).read_text("utf-8") + (Path(__file__).parent / "test_forged_header.py").read_text("utf-8")
    assert not [code for check in CHECKS for code in check.codes if f'"{code}"' not in text]
    assert healthy(())
    assert Fault("a", "b", "c").code == "a"
