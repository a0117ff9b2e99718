-- The waiting room: what people leave before a closed compartment, sealed in their page to the keeper's key of that
-- closing; and the waves in which a portal reopens. docs/formats/waiting-room.md, domain/waiting_room.py, domain/waves.py.

-- A room is one closing of one compartment; `forgotten` when the keeper dropped its key, after the replay.
create table rempart.waiting_room (
    room text primary key,                     -- compartment@closing
    compartment text not null,
    closing bigint not null,
    made bigint not null,
    forgotten bigint
);

create table rempart.waiting_entry (
    entry bigint generated always as identity primary key,
    receipt text not null unique,              -- what the person is given
    room text not null references rempart.waiting_room,
    client text not null references rempart.account,
    site text not null,
    kind text not null check (kind in ('invoice', 'authorization')),
    mark uuid not null,                        -- the page's own: sent twice, it is left once
    sealed bytea,                              -- nobody's to read but the keeper's; gone once it was replayed
    received bigint not null,
    state text not null default 'waiting' check (state in ('waiting', 'sent', 'refused')),
    reason text not null default '',
    subject uuid,                              -- the invoice or authorization that came of it
    ended bigint,
    unique (client, mark),
    check ((state = 'waiting') = (sealed is not null) and (state = 'waiting') = (ended is null))
);
create index waiting_entry_of on rempart.waiting_entry (client, entry);
create index waiting_entry_waits on rempart.waiting_entry (room, entry) where state = 'waiting';

-- Leaves one: only while that closing lasts, and 20 of an account at most (domain.waiting_room.MOST_LEFT).
create function rempart.leave_waiting(p_receipt text, p_room text, p_client text, p_site text, p_kind text, p_mark uuid,
    p_sealed bytea, p_instant bigint, out outcome text, out receipt text, out received bigint, out waiting int)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform from rempart.account a where a.account = p_client for update;  -- one after the other: the count holds
    if not found then outcome := 'purpose'; return; end if;
    select e.receipt, e.received into receipt, received
    from rempart.waiting_entry e where e.client = p_client and e.mark = p_mark;
    if found then
        outcome := 'left';
    else
        perform from rempart.compartment c join rempart.waiting_room r using (compartment)
        where r.room = p_room and c.state = 'closed' and c.changed = r.closing and r.forgotten is null for share of c;
        if not found then outcome := 'not-closed'; return; end if;
        select count(*) into waiting from rempart.waiting_entry e where e.client = p_client and e.state = 'waiting';
        if waiting >= 20 then outcome := 'waiting-room-full'; return; end if;
        insert into rempart.waiting_entry (receipt, room, client, site, kind, mark, sealed, received)
        values (p_receipt, p_room, p_client, p_site, p_kind, p_mark, p_sealed, p_instant);
        outcome := 'left'; receipt := p_receipt; received := p_instant;
    end if;
    select count(*) into waiting from rempart.waiting_entry e where e.client = p_client and e.state = 'waiting';
end $$;
revoke all on function rempart.leave_waiting from public;
grant execute on function rempart.leave_waiting to rempart_hub;
grant select, insert on rempart.waiting_room to rempart_hub;
grant select (entry, receipt, room, client, site, kind, received, state, reason, subject, ended)
    on rempart.waiting_entry to rempart_hub;
grant select on rempart.waiting_room, rempart.waiting_entry to rempart_worker;
grant update (state, reason, subject, ended, sealed) on rempart.waiting_entry to rempart_worker;
grant update (forgotten) on rempart.waiting_room to rempart_worker;
-- The replay does what the hub does with an invoice and a request, in the worker.
grant insert on rempart.inbox, rempart.idempotency, rempart.authorization_hold to rempart_worker;

-- ---- Waves ----

-- A plan is never edited: the newest of an operator counts, and one without windows ends it.
create table rempart.wave_plan (
    plan bigint generated always as identity primary key,
    operator text not null,
    drawn bigint not null,                     -- the closing after which it reopens: places are drawn by it
    officer text not null,
    instant bigint not null
);
create index on rempart.wave_plan (operator, plan);
create table rempart.wave_window (
    plan bigint not null references rempart.wave_plan,
    number int not null,
    starts bigint not null,
    minutes int not null check (minutes between 1 and 1440),
    share int not null check (share between 1 and 100),
    primary key (plan, number)
);
create trigger append_only before update or delete on rempart.wave_plan
    for each row execute function rempart.refuse_change();
create trigger append_only before update or delete on rempart.wave_window
    for each row execute function rempart.refuse_change();
create trigger facts_changed after insert on rempart.wave_plan
    for each statement execute function rempart.facts_changed();
grant select on rempart.wave_plan, rempart.wave_window to rempart_hub;
grant select, insert on rempart.wave_plan, rempart.wave_window to rempart_worker;

-- ---- What sites are told of a change of state ----

-- How far the worker has told a change: sites in order, so that a large one is told in parts and never twice.
create table rempart.compartment_told (
    event bigint primary key references rempart.compartment_event,
    last_site text not null default '',
    done boolean not null default false
);
grant select, insert on rempart.compartment_told to rempart_worker;
grant update (last_site, done) on rempart.compartment_told to rempart_worker;
