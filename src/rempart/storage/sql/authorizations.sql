-- Authorizations (prises en charge): requests with their events, what is sealed to the insurer, webhooks.
-- A request holds marks, amounts and states: no act, no identity, and nothing that ties two requests of one person,
-- but the tag of a day.

create table rempart.authorization_request (
    request uuid primary key,
    number text not null unique check (length(number) = 20),  -- the reference; it opens nothing without its person
    mac bytea not null,                        -- HMAC under the keeper's accreditor of (site, person)
    site text not null references rempart.site,
    client text not null,
    operator text not null,
    insurer text not null references rempart.insurer,
    domain text not null,
    site_reference text not null,
    state text not null check (state in ('requested', 'pending', 'agreed', 'refused', 'modified', 'cancelled', 'expired',
                                         'invoiced')),
    reason text not null default '',
    requested bigint not null,
    planned_day int not null,
    first_day int not null,
    last_day int not null,                     -- of validity; a delivery is taken until `latest_day`
    latest_day int not null,
    cut boolean not null,                      -- validity ends with the rights that were known
    line_cents bigint not null,
    total_cents bigint not null,
    lines bytea not null,                      -- marks, domains, amounts, rules: no act
    spent bigint not null,
    amo bigint not null,
    amc bigint not null,
    held_until int,
    replaces uuid references rempart.authorization_request,
    invoice uuid,                              -- made from it
    tag bytea not null                         -- of the disclosure
);
create index authorization_request_site on rempart.authorization_request (site, site_reference, requested);
create index authorization_request_recent on rempart.authorization_request (site, requested);
create index authorization_request_open on rempart.authorization_request (insurer, requested) where state = 'pending';
create index authorization_request_ends on rempart.authorization_request (latest_day) where state in ('agreed', 'pending');

create table rempart.authorization_event (
    event bigint generated always as identity primary key,
    tx xid8 not null default pg_current_xact_id(),
    request uuid not null references rempart.authorization_request,
    site text not null,
    state text not null,
    cause text not null,
    instant bigint not null
);
create index authorization_event_of on rempart.authorization_event (request);
create index authorization_event_site on rempart.authorization_event (site, event);

-- For the insurer's case worker, sealed to its key; gone once decided or ended.
create table rempart.authorization_sealed (
    request uuid not null references rempart.authorization_request,
    place int not null,                        -- 0 the request itself, then its attachments
    kind text not null,
    sealed bytea not null,
    primary key (request, place)
);

-- What a case worker decided, as signed.
create table rempart.authorization_decision (
    request uuid primary key references rempart.authorization_request,
    client text not null,
    statement bytea not null,
    signature bytea not null,
    instant bigint not null
);

-- Where a site is told of changes. The cursor is its outbox: events after it are still to be delivered, in order.
create table rempart.webhook (
    webhook uuid primary key,
    site text not null references rempart.site,
    url text not null,
    state text not null default 'good' check (state in ('good', 'stopped', 'ended')),
    cursor bigint not null,
    attempts int not null default 0,
    next_try bigint not null default 0,
    reason text not null default '',
    added bigint not null
);
create unique index webhook_once on rempart.webhook (site, url) where state <> 'ended';

create trigger append_only before update or delete on rempart.authorization_event
    for each row execute function rempart.refuse_change();
create trigger append_only before update or delete on rempart.authorization_decision
    for each row execute function rempart.refuse_change();

-- What was agreed is never edited: only where it stands, and what was made of it.
create function rempart.authorization_stays() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if old.state in ('refused', 'modified', 'cancelled', 'expired')
       or old.state = 'invoiced' and new.state <> 'invoiced'
       or old.state <> 'pending' and row(new.mac, new.site, new.insurer, new.lines, new.amc, new.first_day, new.latest_day)
          is distinct from row(old.mac, old.site, old.insurer, old.lines, old.amc, old.first_day, old.latest_day)
    then raise exception 'an authorization that ended stays' using errcode = 'insufficient_privilege'; end if;
    return new;
end $$;
create trigger stays before update on rempart.authorization_request
    for each row execute function rempart.authorization_stays();

-- What is sealed waits for a decision only: with the request's end, or its decision, it is gone.
create function rempart.authorization_unsealed() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
begin
    delete from rempart.authorization_sealed s where s.request = new.request;
    return null;
end $$;
create trigger unsealed after update of state on rempart.authorization_request
    for each row when (old.state = 'pending' and new.state <> 'pending')
    execute function rempart.authorization_unsealed();

alter table rempart.client drop constraint client_kind_check;
alter table rempart.client add constraint client_kind_check
    check (kind in ('site', 'vendor', 'concentrator', 'insurer'));

-- The insurer's reference of a person, for the insurer alone to open: the hub hands it on sealed, as its file left it.
create function rempart.sealed_reference(p_insurer text, p_person bytea, out wrapped bytea, out sealed bytea)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select b.wrapped, m.sealed_ref from rempart.member_ref m join rempart.reference_batch b using (batch)
    where m.insurer = p_insurer and m.person = p_person limit 1
$$;
revoke all on function rempart.sealed_reference from public;
grant execute on function rempart.sealed_reference to rempart_hub, rempart_worker;
revoke all on function rempart.authorization_stays(), rempart.authorization_unsealed() from public;

grant select, insert on rempart.authorization_request, rempart.authorization_event, rempart.authorization_sealed,
    rempart.authorization_decision to rempart_hub, rempart_worker;
grant update (state, reason, first_day, last_day, latest_day, cut, line_cents, total_cents, lines, amc, invoice)
    on rempart.authorization_request to rempart_hub, rempart_worker;
grant select, insert on rempart.webhook to rempart_worker;
grant update (state, cursor, attempts, next_try, reason) on rempart.webhook to rempart_worker;
