-- The doors: people who sign in. An account is a client of its own kind; the sites it works at are its mandates, dated.
-- Passkeys and invitations are the keeper's alone: nothing here lets anybody sign in.

alter table rempart.client drop constraint client_kind_check;
alter table rempart.client add constraint client_kind_check
    check (kind in ('site', 'vendor', 'concentrator', 'insurer', 'gateway', 'account'));

create table rempart.account (
    account text primary key references rempart.client,
    operator text not null,                    -- whose portal it signs in at
    role text not null check (role in ('professional', 'staff', 'manager')),
    invited bigint not null
);

-- Where a site is: the two or three characters of its department. Null where nobody has said it: then no region holds it.
alter table rempart.site add column region text check (region ~ '^(0[1-9]|[1-8][0-9]|9[0-5]|2[AB]|97[1-8]|98[4-8])$');

-- What is told of a compartment while it is not open: two sentences (empty: the usual ones of its reason) and when it is
-- expected to open. Who did it last, an officer or a program.
alter table rempart.compartment
    add column reopens bigint,
    add column french text not null default '',
    add column english text not null default '',
    add column officer text not null default '';

-- Every change of state, whoever writes the statement: the table's own trigger writes it, and nobody else may.
create table rempart.compartment_event (
    event bigint generated always as identity primary key,
    compartment text not null,
    state text not null,
    reason text not null,
    reopens bigint,
    french text not null,
    english text not null,
    officer text not null,
    instant bigint not null
);
create index on rempart.compartment_event (compartment, event);
create trigger append_only before update or delete on rempart.compartment_event
    for each row execute function rempart.refuse_change();
create function rempart.record_compartment() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
begin
    if tg_op = 'INSERT' or new is distinct from old then
        insert into rempart.compartment_event (compartment, state, reason, reopens, french, english, officer, instant)
        values (new.compartment, new.state, new.reason, new.reopens, new.french, new.english, new.officer, new.changed);
    end if;
    return null;
end $$;
create trigger record_compartment after insert or update on rempart.compartment
    for each row execute function rempart.record_compartment();
revoke all on function rempart.record_compartment() from public;
grant select on rempart.compartment_event to rempart_worker;

-- A session lives as its token does; a renewal gives it a later grant, and perhaps another site of the same account.
grant update (site, grant_bytes, grant_id, expires) on rempart.token to rempart_hub;
grant select, insert on rempart.account to rempart_worker;

-- What a session's owner sees of it, and what its role and probation allow; null or empty in a program's token. `device` is
-- a browser and a system of a closed list, `passkey` the digest of what opened it.
alter table rempart.token
    add column role text not null default '',
    add column probation bigint not null default 0,
    add column session bytea check (length(session) = 8),
    add column passkey bytea,
    add column began bigint,
    add column renewed bigint,
    add column device text not null default '' check (length(device) <= 60);
create index token_of_account on rempart.token (client) where session is not null;
grant update (role, probation, renewed) on rempart.token to rempart_hub;

-- A site's invoices, the newest first: ids begin with the millisecond of their deposit. On an expression, so that the
-- look-up of a number among a site's invoices, planned on an empty table, is never answered by a walk through this index.
create index invoice_of_site on rempart.invoice ((site || ''), invoice);

-- ---- What a site reads of itself ----

-- Its own questions of a day. Day first, as in `disclosure_seen`: all of a day's rows share its pages. One text, so that
-- the look-up of `settle`, which names day, tag and site, can never be answered by this index and a busy site's whole day.
create index disclosure_of_site on rempart.disclosure ((((instant / 86400000000)::text || ' ' || site) collate "C"));
create index site_reference_at on rempart.site_reference (site, instant);
create index mandate_site on rempart.mandate (site);

-- Neither who was asked about (tag), nor the answer, nor how the card was read leaves the log by these two.
create function rempart.site_questions(p_site text, p_from bigint, p_to bigint, p_reference text, p_most int)
returns table (instant bigint, client text, purpose text, reference text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select d.instant, d.client, d.purpose, coalesce(r.reference, '')
    from rempart.disclosure d
    left join lateral (select x.reference from rempart.site_reference x
                       where x.site = p_site and x.instant = d.instant limit 1) r on true
    where (((d.instant / 86400000000)::text || ' ' || d.site) collate "C") in (
              (p_from / 86400000000)::text || ' ' || p_site, ((p_to - 1) / 86400000000)::text || ' ' || p_site)
      and d.instant >= p_from and d.instant < p_to and p_to - p_from <= 2 * 86400000000
      and d.purpose not in ('invoice', 'reading') and (p_reference = '' or r.reference = p_reference)
    order by d.instant desc limit p_most
$$;
create function rempart.site_question_counts(p_site text, p_from bigint, p_to bigint)
returns table (client text, hour int, questions bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select d.client, ((d.instant - p_from) / 3600000000)::int, count(*)
    from rempart.disclosure d
    where (((d.instant / 86400000000)::text || ' ' || d.site) collate "C") in (
              (p_from / 86400000000)::text || ' ' || p_site, ((p_to - 1) / 86400000000)::text || ' ' || p_site)
      and d.instant >= p_from and d.instant < p_to and p_to - p_from <= 2 * 86400000000
      and d.purpose not in ('invoice', 'reading')
    group by 1, 2 order by 1, 2
$$;
-- What is paid to on a day, and changes that have not ended: when and from when, no name and no account.
create function rempart.site_bank_details(p_site text, p_day date)
returns table (operator text, state text, changed bigint, starts date)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    (select distinct on (p.operator) p.operator, 'in-force', p.approved, p.starts from rempart.payee p
     where p.site = p_site and p_day between p.starts and p.ends order by p.operator, p.starts desc)
    union all
    select c.operator, case when a.change is null then 'proposed' else 'waiting' end, coalesce(a.approved, c.proposed),
           (to_timestamp(a.payable_from / 1000000.0) at time zone 'Europe/Paris')::date
    from rempart.bank_change c left join rempart.bank_change_approval a using (change)
    left join rempart.bank_change_end e using (change)
    where c.site = p_site and e.change is null
    union all
    select p.operator, 'waiting', p.approved, p.starts from rempart.payee p where p.site = p_site and p.starts > p_day
    order by 1, 3 desc
$$;
revoke all on function rempart.site_questions, rempart.site_question_counts, rempart.site_bank_details from public;
grant execute on function rempart.site_questions, rempart.site_question_counts, rempart.site_bank_details to rempart_hub;
grant select (account, role, operator) on rempart.account to rempart_hub;
grant select (operator, insurer, starts, target_days) on rempart.delay_terms to rempart_hub;
