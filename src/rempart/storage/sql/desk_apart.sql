-- Operators apart at an insurer's desk: its people decide where they were invited, and nowhere else.

-- A decision counts by the signature of the insurer's key, or by the account of its person: then it has no signature, and
-- the request is of a site of the operator at whose portal that person signs in.
create or replace function rempart.decision_said() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if new.signature = '' and not exists (
        select from rempart.account a
        join rempart.authorization_request r on r.insurer = a.insurer
        join rempart.site s on s.site = r.site and s.operator = a.operator
        where a.account = new.client and a.role in ('case-worker', 'insurer-manager') and r.request = new.request) then
        raise exception 'a decision is signed, or said by an account of the insurer at that operator'
            using errcode = 'check_violation', constraint = 'authorization_decision_said';
    end if;
    return new;
end $$;
