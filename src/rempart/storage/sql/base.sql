-- The ground of the schema: parties, records' pointers, the door's rows, invoices, transfers.
-- Instants are bigint microseconds UTC and always arguments: nothing here reads a clock.

create table rempart.insurer (
    insurer text primary key check (insurer ~ '^[0-9]{10}$'),
    name text not null,
    operator text not null,
    member_rule jsonb not null,
    generations int[] not null default '{}',   -- live first, then tails under older index keys
    sequence bigint not null default 0,        -- of the last rights file applied
    standing text not null default 'good' check (standing in ('good', 'suspended', 'left')),
    since bigint not null
);

-- Guarantee tables as the insurer wrote them (TOML), the newest in force; older ones stay to explain old decisions.
create table rempart.guarantee_table (
    guarantee_table bigint generated always as identity primary key,
    insurer text not null references rempart.insurer,
    content text not null,
    digest bytea not null,
    loaded bigint not null,
    unique (insurer, digest)
);

create table rempart.routing (
    routing bigint generated always as identity primary key,
    amc_number text not null,
    convention text not null default '',
    csr text not null default '',
    domain text not null default '',
    starts date not null,
    ends date not null,
    operator text not null,
    insurer text not null                      -- '' when the card is another operator's
);
create index routing_amc on rempart.routing (amc_number);

create table rempart.site (
    site text primary key check (length(site) = 9),
    profession text not null,
    operator text not null,
    finess text,
    siret text,
    zone text not null default 'Europe/Paris',
    standing text not null default 'good' check (standing in ('good', 'suspended', 'closed')),
    since bigint not null
);

create table rempart.client (
    client text primary key,
    kind text not null check (kind in ('site', 'vendor', 'concentrator')),
    own_site text references rempart.site,
    vendor text not null default '',
    standing text not null default 'good' check (standing in ('good', 'suspended', 'closed')),
    registered bigint not null
);

create table rempart.client_key (
    client text not null references rempart.client,
    kid text not null,
    jwk jsonb not null,
    registered bigint not null,
    revoked bigint,
    primary key (client, kid)
);

create table rempart.mandate (
    mandate bigint generated always as identity primary key,
    client text not null references rempart.client,
    site text not null references rempart.site,
    starts date not null,
    ends date not null,
    given bigint not null,
    ended bigint
);
create index mandate_client on rempart.mandate (client, site);

create table rempart.token (
    hash bytea primary key check (length(hash) = 32),
    client text not null,
    site text not null,
    vendor text not null default '',
    grant_bytes bytea not null,
    grant_id bytea not null,
    binding text not null,
    expires bigint not null,
    revoked bigint
);

create table rempart.compartment (
    compartment text primary key,              -- hub, channel:…, portal:…, operator:…, insurer:…, profession:…, region:…,
                                               -- function:…; what each closes: domain/compartments.py
    state text not null default 'open' check (state in ('open', 'restricted', 'closed')),
    reason text not null default '',
    changed bigint not null default 0
);
create index compartment_not_open on rempart.compartment (compartment) where state <> 'open';

-- One number that moves when anything the hubs keep in memory changes: they look at it every second.
create table rempart.facts_version (
    singleton boolean primary key default true check (singleton),
    version bigint not null default 0
);
insert into rempart.facts_version default values;
create function rempart.facts_changed() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
begin
    update rempart.facts_version set version = version + 1;
    return null;
end $$;
create trigger facts_changed after insert or update or delete on rempart.site
    for each statement execute function rempart.facts_changed();
create trigger facts_changed after insert or update or delete on rempart.client
    for each statement execute function rempart.facts_changed();
create trigger facts_changed after insert or update or delete on rempart.compartment
    for each statement execute function rempart.facts_changed();
create trigger facts_changed after insert or update or delete on rempart.routing
    for each statement execute function rempart.facts_changed();
create trigger facts_changed after insert on rempart.guarantee_table
    for each statement execute function rempart.facts_changed();
create trigger facts_changed after insert or delete or update of standing, member_rule, operator on rempart.insurer
    for each statement execute function rempart.facts_changed();

-- The door's rows. A budget row is locked, read and written by `settle` only.
create table rempart.budget (
    scope text not null,                       -- site:… or client:…
    day int not null,                          -- days since 1970, at UTC
    typed int not null default 0,
    machine int not null default 0,
    invoice int not null default 0,
    hour int not null default -1,
    hour_typed int not null default 0,
    hour_machine int not null default 0,
    refused int not null default 0,
    primary key (scope, day)
) with (fillfactor = 50);

create table rempart.met (
    meeting bytea primary key,                 -- PRF(K_met, site, person), 16 bytes
    first_day int not null,                    -- of the span of 32 days in which they met first
    known_until int not null default 0         -- day, of such a span as well, until which this site knows this record
) with (fillfactor = 50);                      -- an accepted invoice prolongs the row that its own question wrote: in place

create table rempart.disclosure (
    id bigint generated always as identity,
    tx xid8 not null default pg_current_xact_id(),
    instant bigint not null,
    grant_id bytea not null,
    account text not null,
    client text not null,
    site text not null,
    operator text not null,
    insurer text not null,
    purpose text not null,
    evidence text not null,
    template text not null,
    outcome text not null,
    tag bytea not null
) partition by range (instant);
-- Day first: all of a day's rows share its pages, however large the month grows.
create index disclosure_seen on rempart.disclosure ((instant / 86400000000), tag);
create index disclosure_instant on rempart.disclosure using brin (instant);  -- a question id names its instant

-- The site's own reference of a question, searched by that site only.
create table rempart.site_reference (
    site text not null,
    reference text not null,
    instant bigint not null
);
create index site_reference_of on rempart.site_reference (site, reference);

create table rempart.accreditation (
    hash bytea primary key,                    -- 16 bytes of SHA-256 of the number
    mac bytea not null,                        -- HMAC under the keeper's accreditor of (site, person)
    site text not null,
    domains int not null,                      -- bit set, in the order of domain.rights.DOMAINS
    first_day int not null,
    last_day int not null,
    instant bigint not null
);

create function rempart.month_start(month int) returns bigint language sql immutable as $$
    select (extract(epoch from make_timestamptz(month / 12, month % 12 + 1, 1, 0, 0, 0, 'UTC')) * 1000000)::bigint
$$;

-- A month is year * 12 + month - 1. Idempotent: the worker calls it for the coming months.
create function rempart.ensure_month(month int) returns void language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
begin
    execute format(
        'create table if not exists rempart.disclosure_%s partition of rempart.disclosure for values from (%s) to (%s)',
        month, rempart.month_start(month), rempart.month_start(month + 1));
end $$;

create function rempart.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;

create trigger append_only before update or delete on rempart.disclosure
    for each row execute function rempart.refuse_change();

-- Invoices. Identity waits sealed in `inbox` until the decision; it is never a column.
create table rempart.inbound (
    inbound uuid primary key,
    client text not null,
    site text not null,
    channel text not null check (channel in ('api', 'file')),
    grant_id bytea not null,
    fingerprint bytea not null,                -- keyed MAC of the content: the same file twice is one
    received bigint not null,
    bytes bigint not null default 0,
    state text not null default 'receiving' check (state in ('receiving', 'received', 'refused', 'decided')),
    report jsonb not null default '{}'
);
create unique index inbound_once on rempart.inbound (client, fingerprint) where state <> 'refused';
create index inbound_open on rempart.inbound (received) where state = 'received';

create table rempart.inbox (
    inbound uuid not null references rempart.inbound,
    chunk int not null,
    sealed bytea not null,
    primary key (inbound, chunk)
);

create table rempart.idempotency (
    client text not null,
    key_mac bytea not null,
    request_mac bytea not null,
    inbound uuid not null,
    answer bytea not null,
    instant bigint not null,
    primary key (client, key_mac)
);

create table rempart.invoice (
    invoice uuid primary key,
    site text not null,
    number text not null,
    client text not null,
    inbound uuid not null,
    distinct_said boolean not null default false,
    position int not null,                     -- record number in the file, ordinal in a request
    insurer text not null,
    mode text not null,
    state text not null,
    reason text not null default '',
    live boolean not null,
    received bigint not null,
    decided bigint,
    care_day int not null,
    spent bigint not null,
    amo bigint not null,
    amc bigint not null,
    patient bigint not null default 0,
    site_reference text not null default '',
    content bytea,                             -- keyed fingerprint of person and acts, to suspect duplicates
    corrects uuid
);
create unique index invoice_live on rempart.invoice (site, number) where live;

create index invoice_number on rempart.invoice (site, number) where not live;  -- with invoice_live, every number once
create index invoice_content on rempart.invoice (content) where live and content is not null;  -- a MAC of its site
create index invoice_waiting on rempart.invoice (state, received) where state in ('waiting', 'held');

-- What no other table says: waiting, held, cancelled, paid. `invoice_history` tells a whole life.
create table rempart.invoice_event (
    event bigint generated always as identity,
    invoice uuid not null,
    state text not null,
    cause text not null default '',
    instant bigint not null,
    primary key (invoice, event)
);

create table rempart.decision (
    invoice uuid primary key,
    outcome text not null,
    reason text not null,
    lines bytea not null,                      -- msgpack: domain, amounts, rules and reason of each line; no acts
    tag bytea,                                 -- day tag of the disclosure
    instant bigint not null
);

-- Every state an invoice went through, in the order (place, event): its deposit, its events, its decision.
create view rempart.invoice_history with (security_invoker = true) as
select i.invoice, s.place, 0::bigint as event, s.state, case s.place when 1 then coalesce(b.channel, '') else '' end as cause, i.received as instant
from rempart.invoice i left join rempart.inbound b using (inbound)
cross join (values (1, 'received'), (2, 'acknowledged')) s(place, state)
union all
select e.invoice, case when e.state in ('waiting', 'held') then 3 else 5 end, e.event, e.state, e.cause, e.instant
from rempart.invoice_event e
union all
select d.invoice, 4, 0, d.outcome, d.reason, d.instant from rempart.decision d;

create table rempart.invoice_sealed (
    invoice uuid primary key,
    insurer text not null,
    month int not null,
    acts bytea not null,
    settlement bytea not null,
    copy bytea not null
);

-- One movement is one row: it cannot be unbalanced. Accounts are text: insurer:…, site:…, reserved:…, bank:…
create table rempart.transfer (
    transfer bigint generated always as identity,
    debit text not null,
    credit text not null check (credit <> debit),
    amount bigint not null check (amount > 0),
    kind text not null,
    subject uuid not null,                     -- the invoice or remittance it is about
    instant bigint not null,
    unique (kind, subject)
);

create trigger append_only before update or delete on rempart.transfer
    for each row execute function rempart.refuse_change();
create trigger append_only before update or delete on rempart.decision
    for each row execute function rempart.refuse_change();
create trigger append_only before update or delete on rempart.invoice_event
    for each row execute function rempart.refuse_change();
create trigger append_only before update or delete on rempart.accreditation
    for each row execute function rempart.refuse_change();
