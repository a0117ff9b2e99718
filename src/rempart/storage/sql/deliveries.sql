-- Partial deliveries of an authorization, what a case worker's agreement holds, a site's own records found again by
-- presenting the card, and telling of stopped webhooks.

-- ---- Deliveries ----

alter table rempart.authorization_request drop constraint authorization_request_state_check;
alter table rempart.authorization_request add constraint authorization_request_state_check
    check (state in ('requested', 'pending', 'agreed', 'refused', 'modified', 'cancelled', 'expired', 'partly-invoiced',
                     'invoiced'));
drop index rempart.authorization_request_ends;
create index authorization_request_ends on rempart.authorization_request (latest_day)
    where state in ('agreed', 'partly-invoiced', 'pending');

-- What each invoice took of an agreed line. It counts while its invoice is live.
create table rempart.authorization_part (
    request uuid not null references rempart.authorization_request,
    invoice uuid not null,
    line int not null,                         -- place of the agreed line, from 0
    units int not null check (units > 0),
    amc bigint not null check (amc >= 0),
    instant bigint not null,
    primary key (request, invoice, line)
);
create index authorization_part_invoice on rempart.authorization_part (invoice);
create trigger append_only before update or delete on rempart.authorization_part
    for each row execute function rempart.refuse_change();

-- What each agreed line holds of an allowance, or would hold once a case worker agrees. Keys of counters, which only the
-- keeper makes: no hub reads them here. Gone when the request ends.
create table rempart.authorization_hold (
    request uuid not null references rempart.authorization_request,
    line int not null,
    place int not null,                        -- the same counter has the same place in its request
    counter bytea not null check (length(counter) = 16),
    rolling boolean not null,
    first_day int not null,
    last_day int not null,
    most bigint not null,                      -- the allowance's limit
    unit text not null check (unit in ('cents', 'units')),
    amount bigint not null check (amount >= 0),
    outside bigint not null,                   -- cents agreed for the line that do not come out of this allowance
    day int not null,                          -- of the planned delivery
    primary key (request, line, place)
);

-- An invoice that was cancelled gives back what it took; what was agreed is still never edited.
create or replace function rempart.authorization_stays() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if old.state in ('refused', 'modified', 'cancelled', 'expired')
       or old.state = 'invoiced' and new.state not in ('invoiced', 'partly-invoiced', 'agreed')
       or old.state <> 'pending' and row(new.mac, new.site, new.insurer, new.lines, new.amc, new.first_day, new.latest_day)
          is distinct from row(old.mac, old.site, old.insurer, old.lines, old.amc, old.first_day, old.latest_day)
    then raise exception 'an authorization that ended stays' using errcode = 'insufficient_privilege'; end if;
    return new;
end $$;

create function rempart.authorization_holds_nothing() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
begin
    delete from rempart.authorization_hold h where h.request = new.request;
    return null;
end $$;
create trigger holds_nothing after update of state on rempart.authorization_request
    for each row when (new.state in ('refused', 'modified', 'cancelled', 'expired'))
    execute function rempart.authorization_holds_nothing();

-- ---- What a case worker agrees holds its allowance ----

-- Locks the counters that an agreement may hold, and those of the request that it replaces, in one order.
create function rempart.lock_agreement(p_request uuid, p_replaces uuid) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
    select rempart.lock_counters(array(
        select h.counter from rempart.authorization_hold h where h.request = p_request
        union select e.counter from rempart.counter_entry e where e.request = p_replaces))
$$;

-- What a waiting request may hold and what is free of it: lines and places, no counter's key.
create function rempart.holds_of(p_request uuid, p_replaces uuid)
returns table (line int, place int, unit text, amount bigint, outside bigint, free bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select h.line, h.place, h.unit, h.amount, h.outside, h.most - t.used - t.held + r.amount
    from rempart.authorization_hold h
    cross join lateral rempart.counters_taken(array[h.counter], array[h.rolling], array[h.first_day], array[h.last_day]) t
    cross join lateral (
        select coalesce(sum(case x.kind when 'hold' then x.amount else -x.amount end), 0)::bigint as amount
        from rempart.counter_entry x
        where x.request = p_replaces and x.counter = h.counter
          and (not h.rolling or x.day between h.first_day and h.last_day)) r
    where h.request = p_request order by h.line, h.place
$$;

-- As `hold_counters`, for lines and places of a request whose keys are stored: null when all of it is held, else the last
-- day of what is held elsewhere, 0 when it is spent.
create function rempart.hold_agreed(p_request uuid, p_replaces uuid, p_lines int[], p_places int[], p_amounts bigint[],
    p_until int, p_instant bigint) returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare refused int; wanted record;
begin
    select array_agg(s.counter) as counters, array_agg(s.rolling) as rolling, array_agg(s.first_day) as first,
           array_agg(s.last_day) as last, array_agg(s.most) as most, array_agg(s.amount) as amounts,
           array_agg(s.day) as days into wanted
    from (select h.counter, h.rolling, h.first_day, h.last_day, h.most, h.day, sum(q.amount)::bigint as amount
          from rempart.authorization_hold h
          join unnest(p_lines, p_places, p_amounts) q(line, place, amount) using (line, place)
          where h.request = p_request
          group by h.counter, h.rolling, h.first_day, h.last_day, h.most, h.day having sum(q.amount) > 0) s;
    if wanted.counters is not null then
        refused := rempart.hold_counters(p_request, p_replaces, wanted.counters, wanted.rolling, wanted.first,
            wanted.last, wanted.most, wanted.amounts, wanted.days, p_until, p_instant);
    end if;
    if refused is null then
        update rempart.authorization_hold h set amount = q.amount
        from unnest(p_lines, p_places, p_amounts) q(line, place, amount)
        where h.request = p_request and h.line = q.line and h.place = q.place;
    end if;
    return refused;
end $$;

-- What an invoice's lines draw of what its authorization holds; never more than is held.
create function rempart.draw_counters(p_request uuid, p_invoice uuid, p_counters bytea[], p_days int[], p_released bigint[],
    p_spent bigint[], p_instant bigint) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform rempart.lock_counters(p_counters);
    with net as (
        select q.counter, q.day, least(q.released, h.amount) as released, least(q.spent, h.amount) as spent
        from unnest(p_counters, p_days, p_released, p_spent) q(counter, day, released, spent)
        cross join lateral (
            select coalesce(sum(case e.kind when 'hold' then e.amount else -e.amount end), 0)::bigint as amount
            from rempart.counter_entry e
            where e.request = p_request and e.counter = q.counter and e.day = q.day) h)
    insert into rempart.counter_entry (counter, kind, invoice, request, amount, day, instant)
    select n.counter, k.kind, case k.kind when 'spend' then p_invoice end, case k.kind when 'release' then p_request end,
           case k.kind when 'spend' then n.spent else n.released end, n.day, p_instant
    from net n cross join (values ('release'), ('spend')) k(kind)
    where case k.kind when 'spend' then n.spent else n.released end > 0;
end $$;

create or replace function rempart.release_stray_holds(p_before bigint, p_instant bigint) returns int
language sql security definer set search_path = pg_catalog, pg_temp as $$
    select coalesce(sum(rempart.release_counters(s.request, null, p_instant)), 0)::int
    from (select e.request from rempart.counter_entry e where e.request is not null
          group by e.request
          having sum(case e.kind when 'hold' then e.amount else -e.amount end) > 0 and max(e.instant) < p_before) s
    left join rempart.authorization_request r using (request)
    where r.request is null or r.state not in ('agreed', 'partly-invoiced')
$$;

-- A cancelled invoice gives its parts back to the authorization in force, and what it spent is held for it again.
create function rempart.part_given_back(p_invoice uuid, p_instant bigint) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare wanted rempart.authorization_request; v_state text;
begin
    select r.* into wanted from rempart.authorization_request r
    where r.request = (select p.request from rempart.authorization_part p where p.invoice = p_invoice limit 1) for update;
    if wanted.request is null or wanted.state not in ('partly-invoiced', 'invoiced') then return; end if;
    v_state := case when exists (
        select from rempart.authorization_part p join rempart.invoice i using (invoice)
        where p.request = wanted.request and i.live and i.invoice <> p_invoice) then 'partly-invoiced' else 'agreed' end;
    update rempart.authorization_request r set state = v_state where r.request = wanted.request;
    insert into rempart.authorization_event (request, site, state, cause, instant)
    values (wanted.request, wanted.site, v_state, 'invoice-cancelled', p_instant);
    insert into rempart.counter_entry (counter, kind, request, amount, day, until, instant)
    select e.counter, 'hold', wanted.request, e.amount, e.day, wanted.latest_day, p_instant
    from rempart.counter_entry e
    where e.invoice = p_invoice and e.kind = 'give-back' and e.instant = p_instant;
end $$;

create or replace function rempart.cancel_invoice(p_invoice uuid, p_site text, p_instant bigint) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare outcome text;
begin
    perform rempart.lock_counters(array(select distinct e.counter from rempart.counter_entry e
                                        where e.invoice = p_invoice));
    outcome := rempart.cancel_invoice_alone(p_invoice, p_site, p_instant);
    if outcome in ('cancelled', 'taken-back') then
        perform rempart.give_back(p_invoice, p_instant);
        perform rempart.part_given_back(p_invoice, p_instant);
    end if;
    return outcome;
end $$;

-- ---- A site's own records, found again by presenting the card ----

-- Day and PRF of site, person and day (docs/threat-model.md): two rows of one person have the same key only on one day at
-- one site, where the tag of the disclosure says as much.
alter table rempart.authorization_request add column own bytea check (length(own) = 16);
create index authorization_request_own on rempart.authorization_request (own) where own is not null;
alter table rempart.invoice add column own bytea check (length(own) = 16);
create index invoice_own on rempart.invoice (own) where own is not null;
create index invoice_site_reference on rempart.invoice (site, site_reference) where site_reference <> '';

-- ---- Stopped webhooks ----

create table rempart.webhook_event (
    event bigint generated always as identity primary key,
    webhook uuid not null references rempart.webhook,
    state text not null check (state in ('good', 'stopped', 'ended')),
    cause text not null,
    said_by text not null,                     -- operator, site or worker
    instant bigint not null
);
create index webhook_event_of on rempart.webhook_event (webhook, event);
create trigger append_only before update or delete on rempart.webhook_event
    for each row execute function rempart.refuse_change();

-- A stopped one is told again from where it stopped; false when it was not stopped, or is not this site's.
create function rempart.resume_webhook(p_webhook uuid, p_site text, p_said_by text, p_instant bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    update rempart.webhook w set state = 'good', attempts = 0, next_try = 0, reason = ''
    where w.webhook = p_webhook and w.state = 'stopped' and (p_site = '' or w.site = p_site);
    if not found then return false; end if;
    insert into rempart.webhook_event (webhook, state, cause, said_by, instant)
    values (p_webhook, 'good', 'resumed', p_said_by, p_instant);
    return true;
end $$;

revoke all on function rempart.authorization_holds_nothing(), rempart.lock_agreement, rempart.holds_of,
    rempart.hold_agreed, rempart.draw_counters, rempart.part_given_back, rempart.resume_webhook from public;
grant execute on function rempart.lock_agreement, rempart.holds_of, rempart.hold_agreed to rempart_hub;
grant execute on function rempart.draw_counters to rempart_worker;
grant execute on function rempart.resume_webhook to rempart_hub, rempart_worker;
grant select, insert on rempart.authorization_part to rempart_worker;
grant select on rempart.authorization_part to rempart_hub;
grant insert on rempart.authorization_hold to rempart_hub;
grant select on rempart.authorization_hold to rempart_worker;
grant select, insert on rempart.webhook_event to rempart_worker;
grant select on rempart.webhook_event to rempart_hub;
grant select (webhook, site, url, state, reason, attempts, next_try, added) on rempart.webhook to rempart_hub;
