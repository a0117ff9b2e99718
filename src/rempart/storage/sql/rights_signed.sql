-- A yes of an insurer's manager to a quarantined rights file is a signed action: the row keeps the keeper's approval of it.

-- Null: an officer's word on the command line, or a no. The worker asks the keeper whose each approval is before it applies.
alter table rempart.rights_release add column signed bytea;
alter table rempart.rights_release add constraint rights_release_signed
    check ((officer like 'account:%' and verdict = 'release') = (signed is not null)) not valid;

-- As before, of a manager of that insurer; a release comes with the keeper's approval, else `approval-unproven`.
drop function rempart.speak_on_rights(text, bigint, text, text, bigint);
create function rempart.speak_on_rights(
    p_insurer text, p_file bigint, p_account text, p_verdict text, p_signed bytea, p_instant bigint)
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
    if p_verdict = 'release' and coalesce(length(p_signed), 0) < 32 then return 'approval-unproven'; end if;
    insert into rempart.rights_release (rights_file, officer, verdict, instant, signed)
    values (p_file, 'account:' || p_account, p_verdict, p_instant, case p_verdict when 'release' then p_signed end)
    on conflict (rights_file, officer) do nothing;
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
revoke all on function rempart.speak_on_rights from public;
grant execute on function rempart.speak_on_rights to rempart_hub;
