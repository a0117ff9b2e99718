-- The keeper's journal against the disclosures (docs/operations/doctor.md): how far both were read, what waits for its
-- counterpart, what was opened and never disclosed, and the alarms. Tags and grant digests name nobody.

create table rempart.reconciliation (
    single boolean primary key default true check (single),
    journal_offset bigint not null default 0,  -- bytes of the keeper's journal that were read
    tx xid8 not null default '0',              -- the last disclosure read, in the order of folding
    id bigint not null default 0,
    instant bigint not null default 0,         -- of the last round
    entries bigint not null default 0,         -- of the journal, compared so far
    disclosures bigint not null default 0,
    opened_again bigint not null default 0,    -- opened more often than disclosed, disclosed all the same: retries
    halted text not null default ''            -- why nothing can be compared until an operator has looked
);
insert into rempart.reconciliation default values;

-- Seen on one side only, and not yet for long.
create table rempart.reconciliation_waiting (
    side text not null check (side in ('journal', 'disclosure')),
    grant_id bytea not null,
    tag bytea not null,
    purpose text not null,
    minute bigint not null,                    -- since 1970, keeper's clock
    since bigint not null
);

-- Opened by the keeper, disclosed to nobody: after a crash the work that was lost, else a theft. The scope of an incident.
create table rempart.opened_undisclosed (
    grant_id bytea not null,
    tag bytea not null,
    purpose text not null,
    minute bigint not null,
    found bigint not null
);
create index opened_undisclosed_found on rempart.opened_undisclosed (found);

create table rempart.alarm (
    alarm bigint generated always as identity primary key,
    instant bigint not null,
    code text not null,
    counts jsonb not null default '{}',
    context jsonb not null default '{}'        -- minutes, purposes, numbers of grants: no identity, no site
);
create index alarm_instant on rempart.alarm (instant);

create trigger append_only before update or delete on rempart.alarm
    for each row execute function rempart.refuse_change();
create trigger append_only before update or delete on rempart.opened_undisclosed
    for each row execute function rempart.refuse_change();

grant select, insert on rempart.alarm, rempart.opened_undisclosed to rempart_worker;
grant select, insert, delete on rempart.reconciliation_waiting to rempart_worker;
grant select, update on rempart.reconciliation to rempart_worker;

-- Who says that a compartment may open, about this one closing or restriction. Two different people, whoever writes the
-- statement.
create table rempart.compartment_opening (
    compartment text not null references rempart.compartment,
    closing bigint not null,                   -- `changed` of the closing it is about
    officer text not null check (officer <> '' and officer = lower(btrim(officer))),
    instant bigint not null,
    primary key (compartment, closing, officer)  -- one person has one voice
);
create trigger append_only before update or delete on rempart.compartment_opening
    for each row execute function rempart.refuse_change();

create function rempart.guard_compartment() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    c_order constant text[] := array['open', 'restricted', 'closed'];
    voices int;
begin
    if tg_op = 'UPDATE' and new.compartment = old.compartment
       and array_position(c_order, new.state) >= array_position(c_order, old.state) then
        -- What was said about an earlier closing opens no later one: its instant only ever grows.
        new.changed := greatest(new.changed, old.changed + (new.state <> old.state)::int);
        return new;
    end if;
    select count(*) into voices from rempart.compartment_opening o
    where o.compartment = old.compartment and o.closing = old.changed;
    if old.state <> 'open' and (voices < 2 or tg_op = 'DELETE' or new.compartment <> old.compartment) then
        raise exception 'a compartment that is closed or restricted is opened by two different people'
            using errcode = 'check_violation', constraint = 'compartment_two_people';
    end if;
    if tg_op = 'DELETE' then
        return old;
    end if;
    return new;
end $$;
create trigger guard_compartment before update or delete on rempart.compartment
    for each row execute function rempart.guard_compartment();

grant select, insert on rempart.compartment_opening to rempart_worker;
