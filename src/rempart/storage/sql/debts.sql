-- What a site owes and cannot be deducted, penalties paid out, what claw-backs give back, and what insurers fetch.

-- ---- Debts of sites ----

alter table rempart.claw_back drop constraint claw_back_state_check;
alter table rempart.claw_back add constraint claw_back_state_check
    check (state in ('notified', 'disputed', 'due', 'recovered', 'withdrawn', 'written-off'));
grant update (instalment) on rempart.claw_back to rempart_worker;

-- What a site paid back by a transfer of its own; `reference` is the bank's, so the same line of a statement is one.
create table rempart.debt_payment (
    payment uuid primary key,
    claw_back uuid not null references rempart.claw_back,
    account text not null references rempart.paying_account,  -- where it came in
    amount bigint not null check (amount > 0),
    reference text not null check (length(reference) between 1 and 35),
    covered boolean not null,                  -- whether it goes back into the insurer's funds, from which it was paid
    said_by text not null check (said_by <> ''),
    instant bigint not null,
    unique (claw_back, reference)
);

-- Given up: proposed by one, approved by another.
create table rempart.debt_write_off (
    write_off uuid primary key,
    claw_back uuid not null references rempart.claw_back,
    amount bigint not null check (amount > 0),
    because text not null check (because <> ''),
    proposed_by text not null check (proposed_by <> ''),
    proposed bigint not null,
    unique (write_off, proposed_by)
);
create index debt_write_off_of on rempart.debt_write_off (claw_back);

create table rempart.debt_write_off_approval (
    write_off uuid primary key,
    proposed_by text not null,
    approved_by text not null check (approved_by <> '' and approved_by <> proposed_by),
    approved bigint not null,
    foreign key (write_off, proposed_by) references rempart.debt_write_off (write_off, proposed_by)
);

-- How far asking went: each step once, with what was left on its day.
create table rempart.debt_step (
    claw_back uuid not null references rempart.claw_back,
    step text not null check (step in ('demanded', 'reminded', 'final-notice')),
    day date not null,
    amount bigint not null check (amount > 0),
    instant bigint not null,
    primary key (claw_back, step)
);

-- What is still owed of a claim that stands.
create function rempart.debt_left(p_claw_back uuid) returns bigint
language sql stable set search_path = pg_catalog, pg_temp as $$
    select c.amount
        - coalesce((select sum(d.amount) from rempart.remittance_deduction d
                    where d.claw_back = c.claw_back and d.live), 0)::bigint
        - coalesce((select sum(p.amount) from rempart.debt_payment p where p.claw_back = c.claw_back), 0)::bigint
        - coalesce((select sum(w.amount) from rempart.debt_write_off w
                    join rempart.debt_write_off_approval using (write_off)
                    where w.claw_back = c.claw_back), 0)::bigint
    from rempart.claw_back c where c.claw_back = p_claw_back
$$;

-- As before, counting what was paid and given up too.
create or replace function rempart.deduction_within() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare claim rempart.claw_back;
begin
    select * into claim from rempart.claw_back c where c.claw_back = new.claw_back for update;
    if claim.state <> 'due' or new.amount > rempart.debt_left(new.claw_back) then
        raise exception 'more than is due' using errcode = 'check_violation', constraint = 'deduction_within';
    end if;
    return new;
end $$;
create trigger within before insert on rempart.debt_payment
    for each row execute function rempart.deduction_within();

create function rempart.write_off_within() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare wanted rempart.debt_write_off; claim rempart.claw_back;
begin
    select * into wanted from rempart.debt_write_off w where w.write_off = new.write_off;
    select * into claim from rempart.claw_back c where c.claw_back = wanted.claw_back for update;
    if claim.state <> 'due' or wanted.amount > rempart.debt_left(wanted.claw_back) then
        raise exception 'more than is due' using errcode = 'check_violation', constraint = 'write_off_within';
    end if;
    return new;
end $$;
create trigger within before insert on rempart.debt_write_off_approval
    for each row execute function rempart.write_off_within();

-- The ledger's side, whatever path a claim takes: `debt:<operator>:<site>` (grows on debit) owes to
-- `recoverable:<operator>:<insurer>`.
create function rempart.move_debt(
    p_claw_back uuid, p_more boolean, p_kind text, p_subject uuid, p_amount bigint, p_instant bigint) returns void
language sql set search_path = pg_catalog, pg_temp as $$
    insert into rempart.transfer (debit, credit, amount, kind, subject, instant)
    select case when p_more then s.debt else s.back end, case when p_more then s.back else s.debt end,
           p_amount, p_kind, p_subject, p_instant
    from (select 'debt:' || c.operator || ':' || c.site as debt,
                 'recoverable:' || c.operator || ':' || c.insurer as back
          from rempart.claw_back c where c.claw_back = p_claw_back) s
    on conflict (kind, subject) do nothing
$$;

-- What of an invoice's counters its standing claims give back: all when all is taken back, else in proportion, rounded
-- down. By the stored key: no identity. What was given back stays given back when a claim is withdrawn later.
create function rempart.give_back_claimed(p_invoice uuid, p_instant bigint) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare paid bigint; claimed bigint;
begin
    perform rempart.lock_counters(array(select distinct e.counter from rempart.counter_entry e
                                        where e.invoice = p_invoice));
    select i.amc into paid from rempart.invoice i where i.invoice = p_invoice;
    select coalesce(sum(c.amount), 0) into claimed from rempart.claw_back c
    where c.invoice = p_invoice and c.state in ('due', 'recovered', 'written-off');
    if paid <= 0 or claimed <= 0 then return; end if;
    insert into rempart.counter_entry (counter, kind, invoice, amount, day, instant)
    select m.counter, 'give-back', p_invoice, m.wanted - m.given, m.day, p_instant
    from (select e.counter, e.day,
                 floor(sum(e.amount) filter (where e.kind = 'spend') * least(claimed, paid) / paid)::bigint as wanted,
                 coalesce(sum(e.amount) filter (where e.kind = 'give-back'), 0)::bigint as given
          from rempart.counter_entry e where e.invoice = p_invoice and e.kind in ('spend', 'give-back')
          group by e.counter, e.day) m
    where m.wanted > m.given;
end $$;

create function rempart.claim_moves() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare claim rempart.claw_back;
begin
    select * into claim from rempart.claw_back c where c.claw_back = new.claw_back;
    if new.state = 'due' then
        perform rempart.move_debt(new.claw_back, true, 'debt', new.claw_back, claim.amount, new.instant);
        perform rempart.give_back_claimed(claim.invoice, new.instant);
    elsif new.state = 'withdrawn' and exists (
        select from rempart.transfer t where t.kind = 'debt' and t.subject = new.claw_back)
    then
        perform rempart.move_debt(new.claw_back, false, 'debt-withdrawn', new.claw_back, claim.amount, new.instant);
    end if;
    return null;
end $$;
create trigger moves after insert on rempart.claw_back_event
    for each row execute function rempart.claim_moves();

create function rempart.deduction_moves() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare at bigint;
begin
    if tg_op = 'INSERT' then
        select r.reserved into at from rempart.remittance r where r.remittance = new.remittance;
        perform rempart.move_debt(new.claw_back, false, 'debt-deducted', new.deduction, new.amount, at);
    elsif old.live and not new.live then
        select coalesce(b.instant, e.instant) into at from rempart.remittance_end e
        left join rempart.remittance_return b using (remittance) where e.remittance = new.remittance;
        perform rempart.move_debt(new.claw_back, true, 'debt-again', new.deduction, new.amount, at);
    end if;
    return null;
end $$;
create trigger moves after insert or update on rempart.remittance_deduction
    for each row execute function rempart.deduction_moves();

create function rempart.payment_moves() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare claim rempart.claw_back; owed text;
begin
    select * into claim from rempart.claw_back c where c.claw_back = new.claw_back;
    owed := 'owed:' || claim.operator || ':' || claim.insurer;
    insert into rempart.transfer (debit, credit, amount, kind, subject, instant)
    values ('bank:' || claim.operator || ':' || new.account, owed, new.amount, 'repay', new.payment, new.instant);
    if new.covered then
        insert into rempart.transfer (debit, credit, amount, kind, subject, instant)
        values (owed, 'funds:' || claim.operator || ':' || claim.insurer, new.amount, 'refund', new.payment, new.instant);
    end if;
    perform rempart.move_debt(new.claw_back, false, 'debt-paid', new.payment, new.amount, new.instant);
    return null;
end $$;
create trigger moves after insert on rempart.debt_payment
    for each row execute function rempart.payment_moves();

create function rempart.write_off_moves() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare wanted rempart.debt_write_off;
begin
    select * into wanted from rempart.debt_write_off w where w.write_off = new.write_off;
    perform rempart.move_debt(wanted.claw_back, false, 'debt-written-off', new.write_off, wanted.amount, new.approved);
    return null;
end $$;
create trigger moves after insert on rempart.debt_write_off_approval
    for each row execute function rempart.write_off_moves();

-- Claims that stood before this was counted.
insert into rempart.transfer (debit, credit, amount, kind, subject, instant)
select 'debt:' || c.operator || ':' || c.site, 'recoverable:' || c.operator || ':' || c.insurer,
       rempart.debt_left(c.claw_back), 'debt', c.claw_back, c.instant
from rempart.claw_back c where c.state = 'due' and rempart.debt_left(c.claw_back) > 0;

-- ---- Penalties for late payment, paid out ----

alter table rempart.delay_terms add column charged_to text not null default 'insurer'
    check (charged_to in ('insurer', 'operator'));
alter table rempart.delay_penalty add column charged_to text not null default 'insurer'
    check (charged_to in ('insurer', 'operator'));
alter table rempart.payment_due add column penalty boolean not null default false;
alter table rempart.remittance drop constraint remittance_invoices_check;
alter table rempart.remittance add column penalties bigint not null default 0 check (penalties >= 0),
    add constraint remittance_pays check (invoices > 0 or invoices = 0 and penalties > 0);

create table rempart.remittance_penalty (
    payout uuid primary key,                   -- of remittance and penalty: names its movement
    remittance uuid not null references rempart.remittance,
    penalty uuid not null references rempart.delay_penalty,
    amount bigint not null check (amount > 0),
    live boolean not null default true,        -- false once the remittance was released or returned
    unique (remittance, penalty)
);
create unique index remittance_penalty_once on rempart.remittance_penalty (penalty) where live;

create function rempart.payout_released() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if not old.live or new.live
       or row(new.payout, new.remittance, new.penalty, new.amount)
          is distinct from row(old.payout, old.remittance, old.penalty, old.amount)
       or not exists (
           select from rempart.remittance_end e left join rempart.remittance_return r using (remittance)
           where e.remittance = old.remittance and (e.outcome = 'released' or r.remittance is not null))
    then raise exception 'remittance_penalty is append-only' using errcode = 'insufficient_privilege'; end if;
    return new;
end $$;
create trigger released before update on rempart.remittance_penalty
    for each row execute function rempart.payout_released();

create function rempart.payout_moves() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare made rempart.remittance; at bigint;
begin
    select * into made from rempart.remittance r where r.remittance = new.remittance;
    if tg_op = 'INSERT' then
        insert into rempart.transfer (debit, credit, amount, kind, subject, instant)
        values ('penalty:' || made.operator || ':' || made.site, 'due:' || made.operator || ':' || made.site,
                new.amount, 'penalty-due', new.payout, made.reserved);
    elsif old.live and not new.live then
        select coalesce(b.instant, e.instant) into at from rempart.remittance_end e
        left join rempart.remittance_return b using (remittance) where e.remittance = new.remittance;
        insert into rempart.transfer (debit, credit, amount, kind, subject, instant)
        values ('due:' || made.operator || ':' || made.site, 'penalty:' || made.operator || ':' || made.site,
                new.amount, 'penalty-again', new.payout, at);
    end if;
    return null;
end $$;
create trigger moves after insert or update on rempart.remittance_penalty
    for each row execute function rempart.payout_moves();

-- ---- Settlement files that their insurers fetch, and answers they send back ----

create table rempart.settlement_content (
    fund_call uuid not null references rempart.settlement_file,
    kind text not null check (kind in ('settlement', 'references')),
    place int not null check (place >= 0),
    content bytea not null,
    primary key (fund_call, kind, place)
);
-- Mostly sealed bytes: compressing a file took longer than looking up all its movements, and saved less than half.
alter table rempart.settlement_content alter column content set storage external;

create table rempart.settlement_reply (
    reply uuid primary key,
    fund_call uuid not null references rempart.settlement_file,
    client text not null,
    digest bytea not null check (length(digest) = 32),  -- SHA-256 of the content: the same twice is one
    content bytea not null,
    received bigint not null,
    unique (fund_call, digest)
);

create table rempart.settlement_reply_taken (
    reply uuid primary key references rempart.settlement_reply,
    code text not null default '',             -- why nothing of it was taken
    answers int not null,
    refused int not null,
    instant bigint not null
);

-- ---- Facts stay ----

do $$
declare name text;
begin
    foreach name in array array['debt_payment', 'debt_write_off', 'debt_write_off_approval', 'debt_step',
                                'settlement_content', 'settlement_reply', 'settlement_reply_taken'] loop
        execute format('create trigger append_only before update or delete on rempart.%I
                        for each row execute function rempart.refuse_change()', name);
        execute format('grant select on rempart.%I to rempart_worker', name);
    end loop;
    foreach name in array array['debt_payment', 'debt_write_off', 'debt_write_off_approval', 'debt_step',
                                'settlement_content', 'settlement_reply_taken', 'remittance_penalty'] loop
        execute format('grant insert on rempart.%I to rempart_worker', name);
    end loop;
end $$;
create trigger append_only before delete on rempart.remittance_penalty
    for each row execute function rempart.refuse_change();
grant select, update (live) on rempart.remittance_penalty to rempart_worker;
grant select on rempart.debt_payment, rempart.debt_write_off, rempart.debt_write_off_approval, rempart.debt_step,
    rempart.remittance_penalty, rempart.delay_penalty, rempart.settlement_file, rempart.settlement_content,
    rempart.settlement_answer, rempart.settlement_reply, rempart.settlement_reply_taken, rempart.fund_call
    to rempart_hub;
grant insert on rempart.settlement_reply to rempart_hub;

revoke all on function rempart.debt_left, rempart.move_debt, rempart.give_back_claimed, rempart.write_off_within(),
    rempart.claim_moves(), rempart.deduction_moves(), rempart.payment_moves(), rempart.write_off_moves(),
    rempart.payout_released(), rempart.payout_moves() from public;
grant execute on function rempart.debt_left to rempart_hub, rempart_worker;
grant execute on function rempart.move_debt, rempart.give_back_claimed to rempart_worker;
