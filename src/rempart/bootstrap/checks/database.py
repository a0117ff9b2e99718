"""The database: reachable per role, its version, its durability, its migrations, roles, owners, guards and clock."""

from __future__ import annotations

from typing import Any

from .findings import NO_DATABASE, ROLES, Check, Fault, Ground, LeftOut, Ok, Outcome, found

OLDEST, NEWEST = 15, 18
SKEW = 2_000_000  # microseconds
GROUPS = {role: f"rempart_{role}" for role in ROLES}
DURABLE = ("synchronous_commit", "fsync", "full_page_writes")
APPEND_ONLY = (
    "disclosure", "transfer", "decision", "invoice_event", "accreditation", "leaf", "tile", "checkpoint",
    "log_of_months", "rights_release", "payee", "paying_account", "remittance", "remittance_end", "alarm",
    "opened_undisclosed", "site_notice", "site_notice_sent", "remittance_part", "remittance_return", "funding_terms",
    "funding_mandate", "fund_call", "fund_call_end", "fund_deposit", "bank_statement", "bank_entry",
    "bank_entry_resolved", "claw_back_event", "bank_change", "bank_change_approval", "bank_change_end", "delay_terms",
    "delay_penalty", "compartment_opening", "compartment_event",
)  # fmt: skip
FIXED_PATH = "search_path=pg_catalog, pg_temp"


def reachable(ground: Ground) -> Outcome:
    """Each role signs in."""
    faults = [
        Fault("database-unreachable", f"the {role} cannot sign in ({why})", f"correct database.{role}_url or start it")
        for role, why in ground.refused.items()
    ]
    if not faults and not ground.connections:
        return LeftOut("no database URL is set")
    return found(faults, f"{len(ground.connections)} of {len(ROLES)} roles sign in")


def version(ground: Ground) -> Outcome:
    """PostgreSQL 15 to 18."""
    connection = ground.any_connection()
    if connection is None:
        return NO_DATABASE
    major = connection.info.server_version // 10_000
    if OLDEST <= major <= NEWEST:
        return Ok(f"PostgreSQL {major}")
    sentence = f"the server is PostgreSQL {major}"
    return (Fault("database-version", sentence, f"use PostgreSQL {OLDEST} to {NEWEST}"),)


def durability(ground: Ground) -> Outcome:
    """What is confirmed is on disk."""
    if not ground.connections:
        return NO_DATABASE
    faults = []
    for role in ("hub", "worker"):
        for name in DURABLE if role in ground.connections else ():
            (value,) = _one(ground.connections[role], "select current_setting(%s)", name)
            if value in {"off", "local"}:
                sentence = f"{name} is {value} for the {role}: an answer could leave and its disclosure be lost"
                faults.append(Fault(f"{name.replace('_', '-')}-off", sentence, f"set {name} = on in postgresql.conf"))
    return found(faults, "on disk before it is confirmed")


def migration(ground: Ground) -> Outcome:
    """The schema is the one this release knows."""
    from rempart.storage import migrate

    if "owner" not in ground.connections:
        return LeftOut("the owner does not sign in")
    url, head = ground.settings.database.owner_url, migrate.head()
    current = migrate.current(url)
    if current == head:
        return Ok(f"at {head}")
    todo = "run `rempart migrate` as the owner before the programs start"
    if current is None:
        return (Fault("migration-absent", "the database is empty", todo),)
    if current > (head or ""):
        newer = "start the release that migrated it: an older one does not know this schema"
        return (Fault("migration-ahead", f"the database is at {current}, this release knows {head}", newer),)
    return (Fault("migration-behind", f"the database is at {current}, this release needs {head}", todo),)


MEMBER_OF = """
with recursive held as (
    select m.roleid from pg_auth_members m join pg_roles r on r.oid = m.member where r.rolname = session_user
    union select m.roleid from pg_auth_members m join held h on m.member = h.roleid)
select array_agg(r.rolname::text order by r.rolname) from held h join pg_roles r on r.oid = h.roleid"""
POWERS = """
select r.rolname::text from pg_roles r where r.rolname in (session_user, %s)
and (r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolbypassrls or r.rolreplication)"""


def roles(ground: Ground) -> Outcome:
    """Each login is a member of exactly its group role and has no power besides."""
    if not ground.connections:
        return NO_DATABASE
    faults = []
    for role, connection in ground.connections.items():
        group = GROUPS[role]
        (held,) = _one(connection, MEMBER_OF)
        if (held or []) != [group]:
            others = ", ".join(name for name in held or [] if name != group) or "none"
            sentence = f"the {role}'s login is not a member of {group} alone (other memberships: {others})"
            faults.append(Fault("role-membership", sentence, f"grant it {group}, revoke the others"))
        for (name,) in connection.execute(POWERS, (group,)).fetchall():
            todo = f"alter role {name} nosuperuser nocreaterole nocreatedb nobypassrls noreplication"
            faults.append(Fault("role-too-strong", f"the role {name} has powers that pass every grant", todo))
    return found(faults, "each login has its group alone")


OWNERS = """
select c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
join pg_roles r on r.oid = c.relowner
where n.nspname = 'rempart' and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f') and r.rolname <> 'rempart_owner'
union all
select p.proname::text || '()' from pg_proc p join pg_namespace n on n.oid = p.pronamespace
join pg_roles r on r.oid = p.proowner where n.nspname = 'rempart' and r.rolname <> 'rempart_owner'
order by 1"""


def owners(ground: Ground) -> Outcome:
    """Nobody but the owner owns anything in the schema."""
    connection = ground.any_connection()
    if connection is None:
        return NO_DATABASE
    names = [name for (name,) in connection.execute(OWNERS).fetchall()]
    todo = "find out who made it, then `alter … owner to rempart_owner` or drop it"
    return found([Fault("owner-wrong", f"rempart.{name} is not owned by rempart_owner", todo) for name in names])


GUARDED = """
select p.proname::text, p.prosecdef, r.rolname::text, coalesce(p.proconfig, '{}') from pg_proc p
join pg_namespace n on n.oid = p.pronamespace join pg_roles r on r.oid = p.proowner
where n.nspname = 'rempart' and (p.prosecdef or p.proname = 'settle')"""


def guarded(ground: Ground) -> Outcome:
    """`settle` and every function that runs with the owner's rights belong to it and fix their search path."""
    connection = ground.any_connection()
    if connection is None:
        return NO_DATABASE
    rows = connection.execute(GUARDED).fetchall()
    faults = []
    if "settle" not in {row[0] for row in rows}:
        faults.append(Fault("settle-absent", "there is no rempart.settle", "run `rempart migrate` as the owner"))
    for name, definer, owner, config in rows:
        if definer and owner == "rempart_owner" and FIXED_PATH in config:
            continue
        sentence = f"rempart.{name} is not a security definer of rempart_owner with a fixed search_path"
        todo = "somebody replaced it: find out who, then restore it from the migrations"
        faults.append(Fault("settle-not-guarded", sentence, todo))
    return found(faults, f"{len(rows)} functions")


TRIGGERS = """
with recursive held as (
    select c.oid, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'rempart' and c.relname = any(%s)
    union all select c.oid, c.relname from held h join pg_inherits i on i.inhparent = h.oid
    join pg_class c on c.oid = i.inhrelid)
select h.relname::text from held h where not exists (
    select from pg_trigger t join pg_proc p on p.oid = t.tgfoid join pg_namespace n on n.oid = p.pronamespace
    where t.tgrelid = h.oid and n.nspname = 'rempart' and p.proname = 'refuse_change' and t.tgenabled in ('O', 'A')
      and t.tgtype & 27 = 27)  -- before, each row, delete, update
order by 1"""


def append_only(ground: Ground) -> Outcome:
    """Facts cannot be changed by anyone whose statements pass triggers; each partition too."""
    connection = ground.any_connection()
    if connection is None:
        return NO_DATABASE
    todo = "enable it again (`alter table … enable trigger append_only`), and find out who disabled it"
    names = [name for (name,) in connection.execute(TRIGGERS, (list(APPEND_ONLY),)).fetchall()]
    return found(
        [Fault("append-only-off", f"rempart.{name} has no enabled append-only trigger", todo) for name in names],
        f"{len(APPEND_ONLY)} tables and their partitions",
    )


def months(ground: Ground) -> Outcome:
    """The disclosures of this month and the next have a place."""
    connection = ground.any_connection()
    if connection is None:
        return NO_DATABASE
    from rempart.domain.month import month_of

    here = month_of(ground.now())
    missing = [
        month for month in (here, here + 1)
        if _one(connection, "select to_regclass(%s)::text", f"rempart.disclosure_{month}")[0] is None
    ]  # fmt: skip
    return found([
        Fault(
            "month-absent", f"there is no partition rempart.disclosure_{month}",
            f"run `select rempart.ensure_month({month})` as the worker",
        ) for month in missing
    ])  # fmt: skip


def clock(ground: Ground) -> Outcome:
    """This machine and the database agree on the time."""
    connection = ground.any_connection()
    if connection is None:
        return NO_DATABASE
    before = ground.now()
    (there,) = _one(connection, "select (extract(epoch from clock_timestamp()) * 1000000)::bigint")
    skew = abs(there - (before + ground.now()) // 2)
    if skew <= SKEW:
        return Ok(f"{skew / 1_000_000:.3f} s apart")
    sentence = f"this machine's clock is {skew / 1_000_000:.1f} s away from the database's"
    return (Fault("clock-skew", sentence, "synchronise both clocks (chrony or systemd-timesyncd)"),)


def _one(connection: Any, statement: str, *arguments: object) -> tuple[Any, ...]:
    row = connection.execute(statement, arguments or None).fetchone()
    return tuple(row)


DATABASE = Check("database", "Each role that has a URL signs in.", ("database-unreachable",), reachable)
VERSION = Check("database-version", "The server is PostgreSQL 15 to 18.", ("database-version",), version)
DURABILITY = Check(
    "durability",
    "synchronous_commit, fsync and full_page_writes are on for hub and worker.",
    tuple(f"{name.replace('_', '-')}-off" for name in DURABLE),
    durability,
)
MIGRATION = Check(
    "migration", "The schema is the one this release knows.",
    ("migration-absent", "migration-behind", "migration-ahead"), migration,
)  # fmt: skip
ROLES_CHECK = Check(
    "database-roles", "Each login is a member of exactly its group role and has no power besides.",
    ("role-membership", "role-too-strong"), roles,
)  # fmt: skip
OWNERS_CHECK = Check("owners", "rempart_owner owns everything in the schema.", ("owner-wrong",), owners)
GUARDED_CHECK = Check(
    "guarded-functions", "settle, and whatever runs with the owner's rights, is the owner's and fixes its search path.",
    ("settle-absent", "settle-not-guarded"), guarded,
)  # fmt: skip
APPEND_ONLY_CHECK = Check(
    "append-only", "The triggers that refuse to change facts are there and enabled, on each partition too.",
    ("append-only-off",), append_only,
)  # fmt: skip
MONTHS = Check("months", "Disclosures of this month and the next have a partition.", ("month-absent",), months)
CLOCK = Check("clock", "This machine's clock is within 2 s of the database's.", ("clock-skew",), clock)
