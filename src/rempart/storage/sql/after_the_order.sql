-- What happens to money once it was ordered: what the bank told, insurers' funds and their calls, claw-backs, changes of
-- bank details, delays. Facts are appended; where a row has a state, each change of it is also an event.

-- ---- What a site is told, and by whom it was carried ----

create table rempart.site_notice (
    notice bigint generated always as identity primary key,
    tx xid8 not null default pg_current_xact_id(),   -- its site reads on by number, and passes over none
    site text not null,
    kind text not null,                        -- a code: transfer-rejected, claw-back-notified, bank-details-…
    subject uuid not null,                     -- the remittance, claw-back or change it is about
    payee uuid,                                -- to the channel of this payee: for bank details, the one before
    day date not null,
    instant bigint not null,
    unique (kind, subject)
);
create index site_notice_of on rempart.site_notice (site, notice);

create table rempart.site_notice_sent (
    notice bigint primary key references rempart.site_notice,
    channel text not null,
    instant bigint not null
);

-- Why a site is not paid what is due, since when: as the last run of the payer saw it.
create table rempart.payment_waiting (
    site text not null,
    operator text not null,
    insurer text not null,
    reason text not null,
    amount bigint not null check (amount > 0),
    since bigint not null,
    primary key (site, operator, insurer)
);

-- ---- Remittances: the parts of each insurer, and money that came back ----

alter table rempart.remittance_end add column reason text not null default '', add column day date;
alter table rempart.payment_due add column decided bigint not null default 0;
alter table rempart.remittance add column deducted bigint not null default 0 check (deducted >= 0);

create table rempart.remittance_part (
    remittance uuid not null references rempart.remittance,
    insurer text not null,
    gross bigint not null check (gross > 0),
    deducted bigint not null check (deducted between 0 and gross),
    cover uuid not null unique,                -- names the movement of its funds
    covered boolean not null,                  -- whether the insurer's funds were drawn for it
    primary key (remittance, insurer)
);

-- Settled, then sent back by the payee's bank: due again.
create table rempart.remittance_return (
    remittance uuid primary key references rempart.remittance_end,
    reason text not null,
    day date not null,
    instant bigint not null
);

create or replace function rempart.line_released() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if not old.live or new.live
       or row(new.remittance, new.invoice, new.amount) is distinct from row(old.remittance, old.invoice, old.amount)
       or not exists (
           select from rempart.remittance_end e left join rempart.remittance_return r using (remittance)
           where e.remittance = old.remittance and (e.outcome = 'released' or r.remittance is not null))
    then raise exception 'remittance_line is append-only' using errcode = 'insufficient_privilege'; end if;
    return new;
end $$;

-- ---- Funds of insurers ----

-- Without a row an insurer's funds are not watched. `ceiling`: cents that may be ordered beyond them.
create table rempart.funding_terms (
    operator text not null,
    insurer text not null references rempart.insurer,
    starts date not null,
    ceiling bigint not null check (ceiling >= 0),
    proposed_by text not null check (proposed_by <> ''),
    approved_by text not null check (approved_by <> '' and approved_by <> proposed_by),
    instant bigint not null,
    primary key (operator, insurer, starts)
);

-- An insurer's mandate to be debited for its calls (SEPA, between businesses). Without one a call is a statement only.
create table rempart.funding_mandate (
    mandate uuid primary key,
    operator text not null,
    insurer text not null references rempart.insurer,
    reference text not null check (length(reference) between 1 and 35),
    signed date not null,
    creditor text not null,                    -- the operator's SEPA creditor identifier
    sealed_iban bytea not null,                -- name and IBAN, bound to the mandate's id
    proposed_by text not null check (proposed_by <> ''),
    approved_by text not null check (approved_by <> '' and approved_by <> proposed_by),
    instant bigint not null,
    unique (operator, insurer, signed)         -- the latest that was signed is used
);

create table rempart.fund_file (
    file uuid primary key,
    account text not null references rempart.paying_account,
    day date not null,
    batch int not null check (batch > 0),
    name text not null unique,
    called bigint not null,                    -- instant written in the file: the same bytes come out again
    clear_mac bytea,
    sha256 bytea check (length(sha256) = 32),
    written bigint,
    unique (account, day, batch),
    check ((written is null) = (sha256 is null) and (written is null) = (clear_mac is null))
);

create table rempart.fund_call (
    fund_call uuid primary key,
    operator text not null,
    insurer text not null references rempart.insurer,
    day date not null,
    amount bigint not null check (amount > 0),
    movements int not null check (movements > 0),
    end_to_end text not null unique check (length(end_to_end) between 1 and 35),
    called bigint not null,
    file uuid references rempart.fund_file,
    mandate uuid references rempart.funding_mandate,
    unique (operator, insurer, day),
    check ((file is null) = (mandate is null))
);

create table rempart.fund_call_line (
    fund_call uuid not null references rempart.fund_call,
    transfer bigint not null,                  -- of rempart.transfer, whose rows have no index of their own
    live boolean not null default true,        -- false once the call was refused: the next one takes it
    primary key (fund_call, transfer)
);
create unique index fund_call_line_once on rempart.fund_call_line (transfer) where live;

create table rempart.fund_call_end (
    fund_call uuid primary key references rempart.fund_call,
    outcome text not null check (outcome in ('received', 'refused')),
    reason text not null default '',
    day date not null,
    instant bigint not null
);

-- Money an insurer sent without a call: a deposit. `reference` is the bank's, so the same line of a statement is one.
create table rempart.fund_deposit (
    deposit uuid primary key,
    operator text not null,
    insurer text not null references rempart.insurer,
    amount bigint not null check (amount > 0),
    reference text not null check (length(reference) between 1 and 35),
    said_by text not null check (said_by <> ''),
    instant bigint not null,
    unique (operator, insurer, reference)
);

create function rempart.call_line_released() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if not old.live or new.live or row(new.fund_call, new.transfer) is distinct from row(old.fund_call, old.transfer)
       or not exists (select from rempart.fund_call_end e where e.fund_call = old.fund_call and e.outcome = 'refused')
    then raise exception 'fund_call_line is append-only' using errcode = 'insufficient_privilege'; end if;
    return new;
end $$;
create trigger released before update on rempart.fund_call_line
    for each row execute function rempart.call_line_released();

create index transfer_instant on rempart.transfer using brin (instant);

-- ---- What the bank told ----

create table rempart.bank_statement (
    statement bytea primary key check (length(statement) = 16),  -- keyed fingerprint: the same file twice is one
    name text not null,
    entries int not null,
    read bigint not null
);

create table rempart.bank_entry (
    entry bigint generated always as identity primary key,
    statement bytea not null references rempart.bank_statement,
    position int not null check (position > 0),
    end_to_end text not null,                  -- '' unless it has the shape of ours: others may hold anything
    outcome text not null check (outcome in ('settled', 'rejected', 'unknown')),
    reason text not null,
    amount bigint not null,
    day date not null,
    verdict text not null check (verdict in ('settled', 'released', 'returned', 'funded', 'unfunded', 'repeated', 'held')),
    code text not null default '',             -- why it is held
    remittance uuid references rempart.remittance,
    fund_call uuid references rempart.fund_call,
    instant bigint not null,
    unique (statement, position),
    check ((verdict = 'held') = (code <> ''))
);
create index bank_entry_held on rempart.bank_entry (entry) where verdict = 'held';

create table rempart.bank_entry_resolved (
    entry bigint primary key references rempart.bank_entry,
    how text not null,                         -- later-entry, set-aside
    said_by text not null check (said_by <> ''),
    instant bigint not null
);

-- ---- Claw-backs ----

create table rempart.claw_back (
    claw_back uuid primary key,
    invoice uuid not null references rempart.invoice,
    site text not null,
    operator text not null,
    insurer text not null,
    amount bigint not null check (amount > 0),
    reason text not null,
    state text not null check (state in ('notified', 'disputed', 'due', 'recovered', 'withdrawn')),
    notice_ends date not null,                 -- nothing is deducted before this day
    instalment bigint not null default 0 check (instalment >= 0),  -- most cents in a calendar month; 0: no limit
    said_by text not null check (said_by <> ''),
    instant bigint not null,
    unique (invoice, reason)
);
create index claw_back_due on rempart.claw_back (site) where state in ('notified', 'due');

create table rempart.claw_back_event (
    event bigint generated always as identity primary key,
    claw_back uuid not null references rempart.claw_back,
    state text not null,
    cause text not null,
    said_by text not null check (said_by <> ''),
    instant bigint not null
);
create index claw_back_event_of on rempart.claw_back_event (claw_back);

create table rempart.remittance_deduction (
    deduction uuid primary key,                -- of remittance and claw-back: names its movement
    remittance uuid not null references rempart.remittance,
    claw_back uuid not null references rempart.claw_back,
    insurer text not null,
    amount bigint not null check (amount > 0),
    live boolean not null default true,        -- false once the remittance was released or returned
    unique (remittance, claw_back)
);
create index remittance_deduction_of on rempart.remittance_deduction (claw_back);

create function rempart.deduction_released() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if not old.live or new.live
       or row(new.deduction, new.remittance, new.claw_back, new.insurer, new.amount)
          is distinct from row(old.deduction, old.remittance, old.claw_back, old.insurer, old.amount)
       or not exists (
           select from rempart.remittance_end e left join rempart.remittance_return r using (remittance)
           where e.remittance = old.remittance and (e.outcome = 'released' or r.remittance is not null))
    then raise exception 'remittance_deduction is append-only' using errcode = 'insufficient_privilege'; end if;
    return new;
end $$;
create trigger released before update on rempart.remittance_deduction
    for each row execute function rempart.deduction_released();

-- Never more is taken back of an invoice than its insurer paid, nor deducted than was claimed: held by the database.
create function rempart.claw_back_within() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare paid bigint; claimed bigint;
begin
    select i.amc into paid from rempart.invoice i where i.invoice = new.invoice for update;
    select coalesce(sum(c.amount), 0) into claimed from rempart.claw_back c
    where c.invoice = new.invoice and c.state <> 'withdrawn' and c.claw_back <> new.claw_back;
    if claimed + new.amount > paid then
        raise exception 'more than was paid' using errcode = 'check_violation', constraint = 'claw_back_within';
    end if;
    return new;
end $$;
create trigger within before insert on rempart.claw_back
    for each row execute function rempart.claw_back_within();

create function rempart.deduction_within() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare claim rempart.claw_back; taken bigint;
begin
    select * into claim from rempart.claw_back c where c.claw_back = new.claw_back for update;
    select coalesce(sum(d.amount), 0) into taken from rempart.remittance_deduction d
    where d.claw_back = new.claw_back and d.live;
    if claim.state <> 'due' or taken + new.amount > claim.amount then
        raise exception 'more than is due' using errcode = 'check_violation', constraint = 'deduction_within';
    end if;
    return new;
end $$;
create trigger within before insert on rempart.remittance_deduction
    for each row execute function rempart.deduction_within();

-- ---- Changes of bank details: proposed by one, approved by another, payable 72 hours later ----

alter table rempart.payee add column iban_index bytea check (length(iban_index) = 16);
create index payee_iban on rempart.payee (iban_index);

create table rempart.bank_change (
    change uuid primary key,                   -- also the id of the payee it becomes: the seal is bound to it
    site text not null references rempart.site,
    operator text not null,
    sealed_iban bytea not null,
    iban_index bytea not null check (length(iban_index) = 16),
    verification text not null,                -- what the payee's bank said of name and account: match, …
    document text not null check (document <> ''),  -- the operator's reference of the bank document it saw
    proposed_by text not null check (proposed_by <> ''),
    proposed bigint not null,
    unique (change, proposed_by)
);
create index bank_change_of on rempart.bank_change (site, operator);

create table rempart.bank_change_approval (
    change uuid primary key,
    proposed_by text not null,
    approved_by text not null check (approved_by <> '' and approved_by <> proposed_by),
    called_back text not null check (called_back <> ''),  -- who was called, at a number known for 30 days
    because text not null default '',          -- why although the verification did not match
    approved bigint not null,
    payable_from bigint not null check (payable_from >= approved + 259200000000),
    foreign key (change, proposed_by) references rempart.bank_change (change, proposed_by)
);

create table rempart.bank_change_end (
    change uuid primary key references rempart.bank_change,
    outcome text not null check (outcome in ('active', 'cancelled')),
    said_by text not null check (said_by <> ''),
    instant bigint not null
);

-- A site that has a payee gets another by a change that has waited only.
create function rempart.payee_waited() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform 1 from rempart.site s where s.site = new.site for update;  -- one at a time: who is first is seen by the next
    if not exists (select from rempart.payee p where p.site = new.site and p.operator = new.operator) then
        return new;
    end if;
    if not exists (
        select from rempart.bank_change c join rempart.bank_change_approval a using (change)
        join rempart.bank_change_end e on e.change = c.change and e.outcome = 'active'
        where c.change = new.payee and c.site = new.site and c.operator = new.operator
          and c.sealed_iban = new.sealed_iban and c.iban_index is not distinct from new.iban_index
          and c.proposed_by = new.proposed_by and a.approved_by = new.approved_by
          and a.payable_from <= new.approved
          and (to_timestamp(a.payable_from / 1000000.0) at time zone 'Europe/Paris')::date <= new.starts)
    then
        raise exception 'new bank details wait 72 hours' using errcode = 'check_violation', constraint = 'payee_waited';
    end if;
    return new;
end $$;
create trigger waited before insert on rempart.payee for each row execute function rempart.payee_waited();

-- ---- Delays and their penalties ----

create table rempart.delay_terms (
    operator text not null,
    insurer text not null,                     -- '' : every insurer of the operator without terms of its own
    starts date not null,
    target_days int not null check (target_days > 0),  -- working days from the acknowledgement
    penalties boolean not null default false,
    flat bigint not null default 0 check (flat >= 0),   -- cents an invoice, for `flat_days` days beyond the target
    flat_days int not null default 0 check (flat_days >= 0),
    percent int not null default 0 check (percent between 0 and 100),  -- of the invoice's amount, later still
    proposed_by text not null check (proposed_by <> ''),
    approved_by text not null check (approved_by <> '' and approved_by <> proposed_by),
    instant bigint not null,
    primary key (operator, insurer, starts)
);

create table rempart.delay_penalty (
    penalty uuid primary key,
    operator text not null,
    insurer text not null,
    site text not null,
    half text not null check (half ~ '^[0-9]{4}-[12]$'),
    invoices int not null check (invoices > 0),
    amount bigint not null check (amount > 0),
    posted bigint not null,
    unique (operator, insurer, site, half)
);

-- ---- Facts stay ----

do $$
declare name text;
begin
    foreach name in array array[
        'site_notice', 'site_notice_sent', 'remittance_part', 'remittance_return', 'funding_terms', 'funding_mandate', 'fund_call',
        'fund_call_end', 'fund_deposit', 'bank_statement', 'bank_entry', 'bank_entry_resolved', 'claw_back_event',
        'bank_change', 'bank_change_approval', 'bank_change_end', 'delay_terms', 'delay_penalty'] loop
        execute format('create trigger append_only before update or delete on rempart.%I
                        for each row execute function rempart.refuse_change()', name);
        execute format('grant select, insert on rempart.%I to rempart_worker', name);
    end loop;
    foreach name in array array['fund_call_line', 'remittance_deduction', 'claw_back'] loop
        execute format('create trigger append_only before delete on rempart.%I
                        for each row execute function rempart.refuse_change()', name);
        execute format('grant select, insert on rempart.%I to rempart_worker', name);
    end loop;
end $$;
grant select, insert, delete on rempart.fund_file to rempart_worker;
grant update (clear_mac, sha256, written) on rempart.fund_file to rempart_worker;
grant update (live) on rempart.fund_call_line, rempart.remittance_deduction to rempart_worker;
grant update (state) on rempart.claw_back to rempart_worker;
grant select, insert, update, delete on rempart.payment_waiting to rempart_worker;
grant select on rempart.payment_waiting, rempart.remittance_return, rempart.remittance_deduction, rempart.claw_back,
    rempart.claw_back_event, rempart.site_notice to rempart_hub;

-- A site disputes a claw-back while its notice runs; what is told: disputed, not-found, or not-disputable.
create function rempart.dispute_claw_back(p_claw_back uuid, p_site text, p_day date, p_instant bigint) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare found rempart.claw_back;
begin
    select * into found from rempart.claw_back c where c.claw_back = p_claw_back and c.site = p_site for update;
    if found.claw_back is null then return 'not-found'; end if;
    if found.state <> 'notified' or p_day >= found.notice_ends then return 'not-disputable'; end if;
    update rempart.claw_back c set state = 'disputed' where c.claw_back = p_claw_back;
    insert into rempart.claw_back_event (claw_back, state, cause, said_by, instant)
    values (p_claw_back, 'disputed', 'dispute', 'site', p_instant);
    return 'disputed';
end $$;
revoke all on function rempart.dispute_claw_back from public;
grant execute on function rempart.dispute_claw_back to rempart_hub, rempart_worker;
revoke all on function rempart.call_line_released(), rempart.deduction_released(), rempart.claw_back_within(),
    rempart.deduction_within(), rempart.payee_waited() from public;

-- What the continuous checks look at: whatever is newer than an instant.
create index decision_instant on rempart.decision using brin (instant);
create index invoice_event_instant on rempart.invoice_event using brin (instant);

-- As before; a paid invoice that its site takes back is not cancelled: its money is clawed back, and its number is free.
create or replace function rempart.cancel_invoice(p_invoice uuid, p_site text, p_instant bigint) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare wanted rempart.invoice; paid rempart.remittance; claim uuid := gen_random_uuid(); today date;
begin
    select * into wanted from rempart.invoice i where i.invoice = p_invoice and i.site = p_site for update;
    if wanted.invoice is null then return 'not-found'; end if;
    if wanted.state = 'paid' and wanted.live then
        select r.* into paid from rempart.remittance_line l join rempart.remittance r using (remittance)
        where l.invoice = p_invoice and l.live;
        today := (to_timestamp(p_instant / 1000000.0) at time zone 'Europe/Paris')::date;
        insert into rempart.claw_back (claw_back, invoice, site, operator, insurer, amount, reason, state, notice_ends,
                                       said_by, instant)
        select claim, p_invoice, p_site, paid.operator, wanted.insurer, wanted.amc - coalesce(sum(c.amount), 0),
               'cancelled-after-payment', 'due', today, 'site', p_instant
        from rempart.claw_back c where c.invoice = p_invoice and c.state <> 'withdrawn'
        having wanted.amc > coalesce(sum(c.amount), 0);
        if found then
            insert into rempart.claw_back_event (claw_back, state, cause, said_by, instant)
            values (claim, 'due', 'cancelled', 'site', p_instant);
        end if;
        update rempart.invoice i set live = false, content = null where i.invoice = p_invoice;
        return 'taken-back';
    end if;
    if wanted.state not in ('accepted', 'held', 'waiting')
       or exists (select from rempart.remittance_line l where l.invoice = p_invoice and l.live) then
        return 'not-cancellable';
    end if;
    update rempart.invoice i set state = 'cancelled', reason = 'cancelled', live = false, content = null
    where i.invoice = p_invoice;
    insert into rempart.invoice_event (invoice, state, cause, instant) values (p_invoice, 'cancelled', 'site', p_instant);
    insert into rempart.transfer (debit, credit, amount, kind, subject, instant)
    select t.credit, t.debit, t.amount, 'cancellation', p_invoice, p_instant from rempart.transfer t
    where t.kind = 'decision' and t.subject = p_invoice;
    return 'cancelled';
end $$;
