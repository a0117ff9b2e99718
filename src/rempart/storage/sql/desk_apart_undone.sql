-- The other way round.

create or replace function rempart.decision_said() returns trigger language plpgsql
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
