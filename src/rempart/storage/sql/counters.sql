-- Counters (allowances, renewals): what was used and what is held of each, under a key that only the keeper can make.
-- Entries are facts; the totals beside them are their sum, kept by a trigger, and the row that is locked. All who lock
-- several do it in one order, before invoices and authorizations.

create table rempart.counter (
    counter bytea primary key check (length(counter) = 16),
    used bigint not null default 0 check (used >= 0),   -- cents or units: spent, less given back
    held bigint not null default 0 check (held >= 0)    -- held by agreed authorizations, less released
);

create table rempart.counter_entry (
    entry bigint generated always as identity primary key,
    counter bytea not null references rempart.counter,
    kind text not null check (kind in ('spend', 'give-back', 'hold', 'release')),
    invoice uuid,                              -- of spend and give-back
    request uuid,                              -- the authorization of hold and release
    amount bigint not null check (amount > 0),
    day int not null,                          -- of care: what rolls is counted by it
    until int,                                 -- the last day of a hold
    instant bigint not null,
    check ((kind in ('spend', 'give-back')) = (invoice is not null)),
    check ((kind in ('hold', 'release')) = (request is not null)),
    check ((kind = 'hold') = (until is not null))
);
create index counter_entry_of on rempart.counter_entry (counter, day);
create index counter_entry_invoice on rempart.counter_entry (invoice) where invoice is not null;
create index counter_entry_request on rempart.counter_entry (request) where request is not null;
create index counter_entry_instant on rempart.counter_entry (instant);
create trigger append_only before update or delete on rempart.counter_entry
    for each row execute function rempart.refuse_change();

create function rempart.counter_moves() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
begin
    update rempart.counter c set used = c.used + m.used, held = c.held + m.held
    from (select counter,
                 coalesce(sum(case kind when 'spend' then amount when 'give-back' then -amount end), 0) as used,
                 coalesce(sum(case kind when 'hold' then amount when 'release' then -amount end), 0) as held
          from added group by counter) m
    where c.counter = m.counter;
    return null;
end $$;
create trigger moves after insert on rempart.counter_entry referencing new table as added
    for each statement execute function rempart.counter_moves();

-- Makes the rows that are not there and locks all of them, in one order.
create function rempart.lock_counters(p_counters bytea[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into rempart.counter (counter)
    select distinct k from unnest(p_counters) k
    where not exists (select from rempart.counter c where c.counter = k) order by k on conflict do nothing;
    perform from rempart.counter c where c.counter = any(p_counters) order by c.counter for update;
end $$;

-- Locks what requests hold. Before any of them is locked itself.
create function rempart.lock_held(p_requests uuid[]) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
    select rempart.lock_counters(array(select distinct e.counter from rempart.counter_entry e
                                       where e.request = any(p_requests)))
$$;

-- What is used and held of each, in order: of a counter that rolls, the entries from its first to its last day.
create function rempart.counters_taken(p_counters bytea[], p_rolling boolean[], p_first int[], p_last int[])
returns table (used bigint, held bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select coalesce(case when q.rolling then e.used else c.used end, 0)::bigint,
           coalesce(case when q.rolling then e.held else c.held end, 0)::bigint
    from unnest(p_counters, p_rolling, p_first, p_last) with ordinality q(counter, rolling, first, last, place)
    left join rempart.counter c on c.counter = q.counter
    left join lateral (
        select sum(case x.kind when 'spend' then x.amount when 'give-back' then -x.amount end) as used,
               sum(case x.kind when 'hold' then x.amount when 'release' then -x.amount end) as held
        from rempart.counter_entry x
        where q.rolling and x.counter = q.counter and x.day between q.first and q.last) e on true
    order by q.place
$$;

-- What an invoice spent and did not give back yet is given back.
create function rempart.give_back(p_invoice uuid, p_instant bigint) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform rempart.lock_counters(array(select distinct e.counter from rempart.counter_entry e
                                        where e.invoice = p_invoice));
    insert into rempart.counter_entry (counter, kind, invoice, amount, day, instant)
    select e.counter, 'give-back', p_invoice, sum(case e.kind when 'spend' then e.amount else -e.amount end), e.day,
           p_instant
    from rempart.counter_entry e where e.invoice = p_invoice group by e.counter, e.day
    having sum(case e.kind when 'spend' then e.amount else -e.amount end) > 0;
end $$;

-- Null when all of it is held, each within its limit; else nothing is, and the last day of what is held elsewhere (0
-- when it is spent instead). What `p_replaces` holds is as good as released.
create function rempart.hold_counters(p_request uuid, p_replaces uuid, p_counters bytea[], p_rolling boolean[], p_first int[],
    p_last int[], p_limits bigint[], p_amounts bigint[], p_days int[], p_until int, p_instant bigint) returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare lacking bytea[];
begin
    perform rempart.lock_counters(p_counters || array(
        select distinct e.counter from rempart.counter_entry e where e.request = p_request));
    -- Asked again because the answer was lost: what the first asking held, and never wrote, is its own.
    if not exists (select from rempart.authorization_request r where r.request = p_request) then
        perform rempart.release_counters(p_request, null, p_instant);
    end if;
    select array_agg(q.counter) into lacking
    from unnest(p_counters, p_rolling, p_first, p_last, p_limits) q(counter, rolling, first, last, most)
    cross join lateral rempart.counters_taken(array[q.counter], array[q.rolling], array[q.first], array[q.last]) t
    cross join lateral (
        select coalesce(sum(case x.kind when 'hold' then x.amount else -x.amount end), 0) as amount
        from rempart.counter_entry x
        where x.request = p_replaces and x.counter = q.counter and (not q.rolling or x.day between q.first and q.last)) r
    cross join lateral (   -- one counter may be asked twice, over two windows: each sees what the other takes
        select sum(a.amount) as amount from unnest(p_counters, p_amounts, p_days) a(counter, amount, day)
        where a.counter = q.counter and (not q.rolling or a.day between q.first and q.last)) w
    where t.used + t.held - r.amount + w.amount > q.most;
    if lacking is not null then
        return coalesce((select max(h.until) from rempart.counter_entry h
                         where h.counter = any(lacking) and h.kind = 'hold' and not exists (
                             select from rempart.counter_entry r
                             where r.request = h.request and r.counter = h.counter and r.kind = 'release')), 0);
    end if;
    insert into rempart.counter_entry (counter, kind, request, amount, day, until, instant)
    select q.counter, 'hold', p_request, q.amount, q.day, p_until, p_instant
    from unnest(p_counters, p_amounts, p_days) q(counter, amount, day);
    return null;
end $$;

-- What a request holds is released; spent by the invoice made from it when there is one. How many counters.
create function rempart.release_counters(p_request uuid, p_invoice uuid, p_instant bigint) returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare released int;
begin
    perform rempart.lock_counters(array(select distinct e.counter from rempart.counter_entry e
                                        where e.request = p_request));
    with net as (
        select e.counter, e.day, sum(case e.kind when 'hold' then e.amount else -e.amount end)::bigint as amount
        from rempart.counter_entry e where e.request = p_request group by e.counter, e.day
        having sum(case e.kind when 'hold' then e.amount else -e.amount end) > 0)
    insert into rempart.counter_entry (counter, kind, invoice, request, amount, day, instant)
    select n.counter, k.kind, case k.kind when 'spend' then p_invoice end, case k.kind when 'release' then p_request end,
           n.amount, n.day, p_instant
    from net n cross join (values ('release'), ('spend')) k(kind) where k.kind = 'release' or p_invoice is not null;
    get diagnostics released = row_count;
    return released;
end $$;

-- What is held by requests that were never written or that ended otherwise is released; how many counters.
create function rempart.release_stray_holds(p_before bigint, p_instant bigint) returns int
language sql security definer set search_path = pg_catalog, pg_temp as $$
    select coalesce(sum(rempart.release_counters(s.request, null, p_instant)), 0)::int
    from (select e.request from rempart.counter_entry e where e.request is not null
          group by e.request
          having sum(case e.kind when 'hold' then e.amount else -e.amount end) > 0 and max(e.instant) < p_before) s
    left join rempart.authorization_request r using (request)
    where r.request is null or r.state <> 'agreed'
$$;

-- Cancelling as it was, with the counters locked before the invoice and given back after.
alter function rempart.cancel_invoice(uuid, text, bigint) rename to cancel_invoice_alone;
revoke all on function rempart.cancel_invoice_alone(uuid, text, bigint) from public, rempart_hub, rempart_worker;
create function rempart.cancel_invoice(p_invoice uuid, p_site text, p_instant bigint) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare outcome text;
begin
    perform rempart.lock_counters(array(select distinct e.counter from rempart.counter_entry e
                                        where e.invoice = p_invoice));
    outcome := rempart.cancel_invoice_alone(p_invoice, p_site, p_instant);
    if outcome in ('cancelled', 'taken-back') then perform rempart.give_back(p_invoice, p_instant); end if;
    return outcome;
end $$;

revoke all on function rempart.counter_moves(), rempart.lock_counters, rempart.lock_held, rempart.counters_taken,
    rempart.give_back, rempart.hold_counters, rempart.release_counters, rempart.release_stray_holds,
    rempart.cancel_invoice from public;
grant execute on function rempart.lock_counters, rempart.give_back, rempart.release_stray_holds to rempart_worker;
grant execute on function rempart.lock_held, rempart.counters_taken, rempart.hold_counters,
    rempart.release_counters, rempart.cancel_invoice to rempart_hub, rempart_worker;
-- An estimate honours an accreditation as an invoice would: hashes and MACs, nothing that says whose.
grant select on rempart.accreditation to rempart_hub;
grant select on rempart.counter, rempart.counter_entry to rempart_worker;
grant insert on rempart.counter_entry to rempart_worker;
