-- Dangerous actions: bank details that people of a site change themselves. What the keeper said of each signature stays with
-- the change; the payer asks the keeper again before the account is paid, so that a row made up here pays nobody.

alter table rempart.bank_change
    add column signed bytea,                    -- the keeper's approval of the proposal; null where an officer proposed
    add column ending text check (length(ending) <= 4);  -- the last characters of the account, all that is shown of it
alter table rempart.bank_change_approval add column signed bytea;

-- A site proposes: one change at a time, none while a part that holds it is not open. What is told: '', change-open,
-- compartment, or site-unknown.
create function rempart.propose_bank_details(
    p_change uuid, p_site text, p_operator text, p_account text, p_sealed bytea, p_index bytea, p_ending text,
    p_signed bytea, p_document text, p_parts text[], p_day date, p_instant bigint) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform 1 from rempart.compartment c where c.compartment = any(p_parts) for share;  -- as it stands until this ends
    perform 1 from rempart.compartment c where c.compartment = any(p_parts) and c.state <> 'open';
    if found then return 'compartment'; end if;
    perform 1 from rempart.site s where s.site = p_site and s.operator = p_operator for update;
    if not found then return 'site-unknown'; end if;
    if length(p_signed) < 32 or not exists (select from rempart.account a where a.account = p_account) then
        return 'approval-unproven';
    end if;
    if exists (select from rempart.bank_change c left join rempart.bank_change_end e using (change)
               where c.site = p_site and c.operator = p_operator and e.change is null) then
        return 'change-open';
    end if;
    insert into rempart.bank_change (change, site, operator, sealed_iban, iban_index, verification, document, proposed_by,
                                     proposed, signed, ending)
    values (p_change, p_site, p_operator, p_sealed, p_index, 'not-asked', p_document, p_account, p_instant, p_signed, p_ending);
    perform rempart.tell_bank_details(p_change, p_site, p_operator, 'bank-details-proposed', p_day, p_instant);
    return '';
end $$;

-- The second of two people of the site. Where other sites have the account, or its holder's bank did not confirm the name, an
-- officer approves: operator-approves. A change that an officer proposed is approved by an officer too.
create function rempart.approve_bank_details(
    p_change uuid, p_site text, p_operator text, p_account text, p_signed bytea, p_parts text[], p_payable bigint,
    p_day date, p_instant bigint) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    wanted rempart.bank_change;
begin
    perform 1 from rempart.compartment c where c.compartment = any(p_parts) for share;  -- as it stands until this ends
    perform 1 from rempart.compartment c where c.compartment = any(p_parts) and c.state <> 'open';
    if found then return 'compartment'; end if;
    perform 1 from rempart.site s where s.site = p_site for update;
    select * into wanted from rempart.bank_change c
    where c.change = p_change and c.site = p_site and c.operator = p_operator
      and not exists (select from rempart.bank_change_end e where e.change = c.change);
    if wanted.change is null then return 'not-found'; end if;
    if exists (select from rempart.bank_change_approval a where a.change = p_change) then return 'transition-not-allowed'; end if;
    if wanted.signed is null or wanted.verification not in ('match', 'not-asked', 'not-possible')
       or rempart.account_elsewhere(wanted.iban_index, p_site) then
        return 'operator-approves';
    end if;
    if wanted.proposed_by = p_account then return 'same-person'; end if;
    if length(p_signed) < 32 or not exists (select from rempart.account a where a.account = p_account) then
        return 'approval-unproven';
    end if;
    insert into rempart.bank_change_approval (change, proposed_by, approved_by, called_back, because, approved, payable_from,
                                              signed)
    values (p_change, wanted.proposed_by, p_account, 'signed by a second manager of the site', '', p_instant, p_payable,
            p_signed);
    perform rempart.tell_bank_details(p_change, p_site, p_operator, 'bank-details-approved', p_day, p_instant);
    return '';
end $$;

-- A no of the site's own people ends a change at once, closed or not. Somebody else's change ended so rings.
create function rempart.cancel_bank_details(
    p_change uuid, p_site text, p_operator text, p_account text, p_day date, p_instant bigint) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    wanted rempart.bank_change;
begin
    perform 1 from rempart.site s where s.site = p_site for update;
    select * into wanted from rempart.bank_change c
    where c.change = p_change and c.site = p_site and c.operator = p_operator;
    if wanted.change is null then return 'not-found'; end if;
    perform 1 from rempart.bank_change_end e where e.change = p_change;
    if found then return 'transition-not-allowed'; end if;
    perform rempart.tell_bank_details(p_change, p_site, p_operator, 'bank-details-cancelled', p_day, p_instant);
    insert into rempart.bank_change_end (change, outcome, said_by, instant) values (p_change, 'cancelled', p_account, p_instant);
    if wanted.proposed_by <> p_account then
        insert into rempart.alarm (instant, code, counts, context)
        values (p_instant, 'bank-details-disputed', '{"items": 1}', jsonb_build_object('change', p_change));
    end if;
    return '';
end $$;

-- The notice goes to the channel of the account that is paid today.
create function rempart.tell_bank_details(
    p_change uuid, p_site text, p_operator text, p_kind text, p_day date, p_instant bigint) returns void
language sql set search_path = pg_catalog, pg_temp as $$
    insert into rempart.site_notice (site, kind, subject, day, payee, instant)
    values (p_site, p_kind, p_change, p_day,
            (select p.payee from rempart.payee p where p.site = p_site and p.operator = p_operator
             order by p.starts desc limit 1), p_instant)
    on conflict (kind, subject) do nothing
$$;
create function rempart.account_elsewhere(p_index bytea, p_site text) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
    select exists (select from rempart.payee p where p.iban_index = p_index and p.site <> p_site)
        or exists (select from rempart.bank_change b where b.iban_index = p_index and b.site <> p_site)
$$;

-- What a site's own people see of the change that waits: never an account, but its last four characters.
create function rempart.open_bank_details(p_site text, p_operator text)
returns table (change uuid, state text, ending text, proposed_by text, proposed bigint, approved_by text,
               payable_from bigint, sealed_iban bytea, signed bytea)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select c.change, case when a.change is null then 'proposed' else 'approved' end, coalesce(c.ending, ''), c.proposed_by,
           c.proposed, coalesce(a.approved_by, ''), a.payable_from, c.sealed_iban, c.signed
    from rempart.bank_change c left join rempart.bank_change_approval a using (change)
    left join rempart.bank_change_end e using (change)
    where c.site = p_site and c.operator = p_operator and e.change is null
$$;
-- The account that is paid on a day: since when, and its last four characters where they are known.
create function rempart.paid_bank_details(p_site text, p_operator text, p_day date)
returns table (starts date, ending text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select p.starts, coalesce((select c.ending from rempart.bank_change c where c.change = p.payee), '')
    from rempart.payee p where p.site = p_site and p.operator = p_operator and p_day between p.starts and p.ends
    order by p.starts desc limit 1
$$;

revoke all on function rempart.propose_bank_details, rempart.approve_bank_details, rempart.cancel_bank_details,
    rempart.tell_bank_details, rempart.account_elsewhere, rempart.open_bank_details, rempart.paid_bank_details from public;
grant execute on function rempart.propose_bank_details, rempart.approve_bank_details, rempart.cancel_bank_details,
    rempart.open_bank_details, rempart.paid_bank_details to rempart_hub;

-- ---- Mandates of programs: given by a manager's code, renewed, ended. The keeper verified each before. ----

create table rempart.program_mandate (          -- what people did about them: facts, in order
    event bigint generated always as identity primary key,
    client text not null references rempart.client,
    site text not null references rempart.site,
    what text not null check (what in ('claimed', 'renewed', 'ended')),
    account text not null,                     -- the manager's
    first date,
    last date,
    instant bigint not null
);
create index program_mandate_of on rempart.program_mandate (site, client);
create trigger append_only before update or delete on rempart.program_mandate
    for each row execute function rempart.refuse_change();
grant select on rempart.program_mandate to rempart_worker;

create function rempart.program_mandated(
    p_client text, p_site text, p_account text, p_what text, p_first date, p_last date, p_instant bigint) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform 1 from rempart.client c
    where c.client = p_client and c.kind in ('vendor', 'concentrator') and c.standing = 'good';
    if not found then return 'client-unknown'; end if;
    if p_last - p_first > 366 or p_last < p_first then return 'days-malformed'; end if;
    insert into rempart.mandate (client, site, starts, ends, given) values (p_client, p_site, p_first, p_last, p_instant);
    insert into rempart.program_mandate (client, site, what, account, first, last, instant)
    values (p_client, p_site, p_what, p_account, p_first, p_last, p_instant);
    return '';
end $$;
create function rempart.end_program_mandates(p_client text, p_site text, p_account text, p_instant bigint) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform 1 from rempart.client c where c.client = p_client and c.kind in ('vendor', 'concentrator');
    if not found then return 'client-unknown'; end if;
    update rempart.mandate m set ended = p_instant where m.client = p_client and m.site = p_site and m.ended is null;
    if not found then return 'client-unknown'; end if;
    insert into rempart.program_mandate (client, site, what, account, instant)
    values (p_client, p_site, 'ended', p_account, p_instant);
    return '';
end $$;
-- Written to sites whose program's mandate ends within 30 days and has none that follows; once for each mandate.
create function rempart.tell_mandates_ending(p_day date, p_instant bigint) returns int
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    told int;
begin
    insert into rempart.site_notice (site, kind, subject, day, instant)
    select m.site, 'mandate-ending', md5('mandate ' || m.mandate)::uuid, m.ends, p_instant
    from rempart.mandate m join rempart.client c using (client)
    where c.kind in ('vendor', 'concentrator') and m.ended is null and m.ends between p_day and p_day + 30
      and not exists (select from rempart.mandate o where o.client = m.client and o.site = m.site and o.ended is null
                      and o.ends > m.ends)
    on conflict (kind, subject) do nothing;
    get diagnostics told = row_count;
    return told;
end $$;
revoke all on function rempart.program_mandated, rempart.end_program_mandates, rempart.tell_mandates_ending from public;
grant execute on function rempart.program_mandated, rempart.end_program_mandates to rempart_hub;
grant execute on function rempart.tell_mandates_ending to rempart_worker;
