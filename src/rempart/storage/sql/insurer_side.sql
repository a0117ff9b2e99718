-- The insurer's side: settlement files and what insurers answer to them, what binds an insurer, its stand-in rules.

create table rempart.settlement_file (
    fund_call uuid primary key references rempart.fund_call,  -- a file accounts for one call, to the cent
    operator text not null,
    insurer text not null references rempart.insurer,
    sequence int not null check (sequence > 0),
    previous bytea not null,                   -- SHA-256 of the file before it; empty for the first
    checkpoint bytea not null,                 -- the signed note of the log enclosed; empty when nothing was logged yet
    month text not null,                       -- AAAA-MM, whose log the note is of
    sha256 bytea not null check (length(sha256) = 32),
    rows int not null,
    amount bigint not null,
    written bigint not null,
    unique (operator, insurer, sequence),
    check ((sequence = 1) = (previous = ''))
);

create table rempart.settlement_answer (
    answer bigint generated always as identity primary key,
    fund_call uuid not null references rempart.settlement_file,
    invoice uuid not null,
    verdict text not null check (verdict in ('accepted', 'taken', 'refused')),
    reason text not null default '',           -- the insurer's late reason
    code text not null default '',             -- why the hub refused it
    amount bigint not null default 0,
    claw_back uuid references rempart.claw_back,
    instant bigint not null,
    check ((verdict = 'taken') = (claw_back is not null) and (verdict = 'refused') = (code <> ''))
);
-- What was accepted or taken is so once; what was refused may be sent again, when the invoice has been paid for one.
create unique index settlement_answer_once on rempart.settlement_answer (fund_call, invoice, reason)
    where verdict <> 'refused';

-- What an insurer owes although rights were closed on the care date: what bound it, and the cents so owed.
create table rempart.guarantee_posting (
    invoice uuid primary key references rempart.invoice,
    operator text not null,
    insurer text not null,
    kind text not null default 'guaranteed-after-closure' check (kind = 'guaranteed-after-closure'),
    bound text not null check (bound in ('accreditation', 'authorization', 'card', 'paper')),
    amount bigint not null check (amount > 0),
    instant bigint not null
);
create index guarantee_posting_of on rempart.guarantee_posting (operator, insurer, instant);

create table rempart.binding_table (
    binding_table bigint generated always as identity primary key,
    insurer text not null references rempart.insurer,
    content text not null,
    digest bytea not null,
    said_by text not null check (said_by <> ''),
    loaded bigint not null
);
create index binding_table_of on rempart.binding_table (insurer, binding_table);
create trigger facts_changed after insert on rempart.binding_table
    for each statement execute function rempart.facts_changed();

create table rempart.stand_in (
    insurer text not null references rempart.insurer,
    sequence int not null check (sequence > 0),
    starts date not null,
    content bytea not null,                    -- the signed bytes as the insurer made them
    loaded bigint not null,
    primary key (insurer, sequence)
);

-- Where a record comes from: the file that changed it last, and its person's reference, sealed to the insurer. Only who
-- holds the record key, so who presented the person to the keeper, can ask.
create function rempart.record_origin(
    p_insurer text, p_record_key bytea, p_person bytea, out kind text, out sequence bigint, out digest bytea,
    out received bigint, out wrapped bytea, out sealed bytea)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select f.kind, f.sequence, f.digest, f.received, m.wrapped, m.sealed_ref
    from (select) one
    left join lateral (
        select x.kind, x.sequence, x.digest, x.received from rempart.rights_file x
        left join rempart.generation g using (generation)
        where x.insurer = p_insurer and x.state = 'applied' and g.applied <= coalesce(
            (select max(r.replaced) from rempart.record_replaced r
             where r.record_key = p_record_key and r.insurer = p_insurer),
            (select min(a.applied) from rempart.generation a join rempart.rights_file y using (generation)
             where y.insurer = p_insurer and y.state = 'applied'))
        order by g.applied desc limit 1) f on true
    left join lateral (
        select b.wrapped, n.sealed_ref from rempart.member_ref n join rempart.reference_batch b using (batch)
        where n.insurer = p_insurer and n.person = p_person limit 1) m on true
$$;
revoke all on function rempart.record_origin from public;
grant execute on function rempart.record_origin to rempart_hub;

do $$
declare name text;
begin
    foreach name in array array[
        'settlement_file', 'settlement_answer', 'guarantee_posting', 'binding_table', 'stand_in'] loop
        execute format('create trigger append_only before update or delete on rempart.%I
                        for each row execute function rempart.refuse_change()', name);
        execute format('grant select, insert on rempart.%I to rempart_worker', name);
    end loop;
end $$;
grant select on rempart.binding_table, rempart.stand_in to rempart_hub;
