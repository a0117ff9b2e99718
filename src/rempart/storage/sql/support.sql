-- The support desk (docs/operations/support.md): what was looked up, by whom, when, before anything is told.
create table rempart.support_reading (
    reading bigint generated always as identity primary key,
    account text not null,
    operator text not null,                    -- whose desk it is
    kind text not null check (kind in ('question', 'invoice', 'authorization')),
    wanted text not null check (length(wanted) between 1 and 20),  -- a question's id, a number, a reference
    site text not null default '',             -- with an invoice's number
    instant bigint not null
);
create trigger append_only before update or delete on rempart.support_reading
    for each row execute function rempart.refuse_change();
grant insert on rempart.support_reading to rempart_hub;
grant select on rempart.support_reading to rempart_auditor;

-- One question by its instant, of a site of this operator: what was asked and what was told; not about whom. The hub reads
-- the log in no other way.
create function rempart.support_question(p_operator text, p_instant bigint)
returns table (site text, profession text, kind text, insurer text, purpose text, evidence text, outcome text)
language sql stable security definer set search_path = pg_catalog, pg_temp
set enable_bitmapscan = on set enable_seqscan = off as $$
    select d.site, s.profession, c.kind, d.insurer, d.purpose, d.evidence, d.outcome
    from rempart.disclosure d
    join rempart.site s on s.site = d.site and s.operator = p_operator
    left join rempart.client c on c.client = d.client
    where d.instant = p_instant and d.purpose not in ('invoice', 'reading')
    limit 1
$$;
revoke all on function rempart.support_question from public;
grant execute on function rempart.support_question to rempart_hub;
