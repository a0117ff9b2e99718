-- The insurer's desk: what people of an insurer read of its own in a portal, and what they say there.

-- A decision counts by the signature of the insurer's key, or by the account of its person: then it has no signature.
create function rempart.decision_said() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if new.signature = '' and not exists (
        select from rempart.account a join rempart.authorization_request r on r.insurer = a.insurer
        where a.account = new.client and a.role in ('case-worker', 'insurer-manager') and r.request = new.request) then
        raise exception 'a decision is signed, or said by an account of the insurer'
            using errcode = 'check_violation', constraint = 'authorization_decision_said';
    end if;
    return new;
end $$;
create trigger said before insert on rempart.authorization_decision
    for each row execute function rempart.decision_said();
create index authorization_decision_at on rempart.authorization_decision (instant);

-- One voice of an insurer's manager on a file of its own that waits. Releasing is for two: the worker carries it out once
-- both have spoken. Refusing is for one, and done here. `not-found`, `not-in-quarantine`, `officer-already-spoke`,
-- `second-officer-missing`, `released` (two agreed) or `refused`. A file that is being released is not waited for.
create function rempart.speak_on_rights(p_insurer text, p_file bigint, p_account text, p_verdict text, p_instant bigint)
returns text language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    file rempart.rights_file;
    voices int;
begin
    if p_account is null or not exists (
        select from rempart.account a
        where a.account = p_account and a.role = 'insurer-manager' and a.insurer = p_insurer) then
        raise exception 'only a manager of the insurer speaks here' using errcode = 'insufficient_privilege';
    end if;
    select * into file from rempart.rights_file f
    where f.rights_file = p_file and f.insurer = p_insurer for update nowait;
    if file.rights_file is null then return 'not-found'; end if;
    if file.state <> 'quarantined' then return 'not-in-quarantine'; end if;
    insert into rempart.rights_release (rights_file, officer, verdict, instant)
    values (p_file, 'account:' || p_account, p_verdict, p_instant) on conflict (rights_file, officer) do nothing;
    if not found then return 'officer-already-spoke'; end if;
    if p_verdict = 'refuse' then
        update rempart.rights_file f set state = 'refused', code = 'refused-by-officer', decided = p_instant
        where f.rights_file = p_file;
        update rempart.generation g set state = 'refused' where g.generation = file.generation;
        delete from rempart.rights_mark m where m.generation = file.generation;
        return 'refused';
    end if;
    select count(*) into voices from rempart.rights_release r
    where r.rights_file = p_file and r.verdict = 'release';
    return case when voices < 2 then 'second-officer-missing' else 'released' end;
end $$;

-- What an insurer put at one operator's disposal and is left of it. The ledger is by far the greatest table: the few
-- movements of funds have indexes of their own.
create index transfer_funds_in on rempart.transfer (credit) include (amount) where kind in ('fund', 'uncover');
create index transfer_funds_out on rempart.transfer (debit) include (amount) where kind = 'cover';
create function rempart.insurer_funds(p_operator text, p_insurer text, p_day date)
returns table (ceiling bigint, available bigint, waiting bigint, sites bigint, since bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select t.ceiling,
        (select coalesce(sum(x.amount), 0)::bigint from rempart.transfer x
         where x.kind in ('fund', 'uncover') and x.credit = 'funds:' || p_operator || ':' || p_insurer)
        - (select coalesce(sum(x.amount), 0)::bigint from rempart.transfer x
           where x.kind = 'cover' and x.debit = 'funds:' || p_operator || ':' || p_insurer),
        coalesce(w.amount, 0), coalesce(w.sites, 0), coalesce(w.since, 0)
    from (select) one
    left join lateral (
        select f.ceiling from rempart.funding_terms f
        where f.operator = p_operator and f.insurer = p_insurer and f.starts <= p_day
        order by f.starts desc limit 1) t on true
    left join lateral (
        select sum(p.amount)::bigint as amount, count(*) as sites, min(p.since) as since from rempart.payment_waiting p
        where p.operator = p_operator and p.insurer = p_insurer and p.reason = 'insurer-out-of-funds') w on true
$$;

revoke all on function rempart.speak_on_rights, rempart.insurer_funds, rempart.decision_said() from public;
grant execute on function rempart.speak_on_rights, rempart.insurer_funds to rempart_hub;
grant select on rempart.rights_file, rempart.rights_release, rempart.fund_call_end to rempart_hub;
