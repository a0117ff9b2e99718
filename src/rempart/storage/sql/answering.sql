-- An agent's invitation names who answers for staff without a number of their own.
drop function rempart.desk_invited;
create function rempart.desk_invited(
    p_agent text, p_account text, p_role text, p_site text, p_first date, p_last date, p_accountable text,
    p_instant bigint)
returns text language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_operator text := rempart.desk_operator(p_agent, array['agent']);
begin
    if v_operator is null then return 'purpose'; end if;
    if p_role not in ('professional', 'staff', 'manager', 'support') then return 'role-not-invited'; end if;
    if (p_role = 'support') <> (p_site = '') then return 'not-found'; end if;
    if p_site <> '' then
        perform 1 from rempart.site s where s.site = p_site and s.operator = v_operator and s.standing <> 'closed';
        if not found then return 'not-found'; end if;
    end if;
    insert into rempart.client (client, kind, vendor, standing, registered)
    values (p_account, 'account', 'portal:' || v_operator, 'good', p_instant) on conflict do nothing;
    insert into rempart.account (account, operator, role, invited) values (p_account, v_operator, p_role, p_instant)
    on conflict do nothing;
    perform 1 from rempart.account a where a.account = p_account and (a.operator, a.role) = (v_operator, p_role);
    if not found then return 'not-found'; end if;
    if p_site <> '' then
        insert into rempart.mandate (client, site, starts, ends, given, accountable)
        values (p_account, p_site, p_first, p_last, p_instant, p_accountable);
    end if;
    insert into rempart.desk_event (operator, account, what, kind, of, instant)
    values (v_operator, p_agent, 'invited', 'account', p_account, p_instant);
    return '';
end $$;
revoke all on function rempart.desk_invited from public;
grant execute on function rempart.desk_invited to rempart_hub;

-- A program of the site's own, whose key nobody registered: a manager's code let it. It is ended by a manager, for good.
alter table rempart.program_mandate drop constraint program_mandate_what_check;
alter table rempart.program_mandate add constraint program_mandate_what_check
    check (what in ('claimed', 'renewed', 'ended', 'enrolled'));
create function rempart.program_enrolled(
    p_client text, p_site text, p_account text, p_kid text, p_jwk jsonb, p_day date, p_instant bigint) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform 1 from rempart.site s where s.site = p_site and s.standing <> 'closed';
    if not found then return 'client-unknown'; end if;
    if p_client !~ '^program-[A-Za-z0-9_-]{22}$' then return 'client-unknown'; end if;
    insert into rempart.client (client, kind, own_site, registered) values (p_client, 'site', p_site, p_instant)
    on conflict do nothing;
    if not found then return 'client-unknown'; end if;
    insert into rempart.client_key (client, kid, jwk, registered) values (p_client, p_kid, p_jwk, p_instant);
    insert into rempart.program_mandate (client, site, what, account, first, instant)
    values (p_client, p_site, 'enrolled', p_account, p_day, p_instant);
    return '';
end $$;
create function rempart.site_programs(p_site text) returns table (client text, first date)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select p.client, p.first from rempart.program_mandate p join rempart.client c on c.client = p.client
    where p.site = p_site and p.what = 'enrolled' and c.standing = 'good'
$$;
create or replace function rempart.end_program_mandates(
    p_client text, p_site text, p_account text, p_instant bigint) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform 1 from rempart.site_programs(p_site) p where p.client = p_client;
    if found then
        update rempart.client c set standing = 'closed' where c.client = p_client;
        update rempart.client_key k set revoked = p_instant where k.client = p_client and k.revoked is null;
    else
        perform 1 from rempart.client c where c.client = p_client and c.kind in ('vendor', 'concentrator');
        if not found then return 'client-unknown'; end if;
        update rempart.mandate m set ended = p_instant
        where m.client = p_client and m.site = p_site and m.ended is null;
        if not found then return 'client-unknown'; end if;
    end if;
    insert into rempart.program_mandate (client, site, what, account, instant)
    values (p_client, p_site, 'ended', p_account, p_instant);
    return '';
end $$;
revoke all on function rempart.program_enrolled, rempart.site_programs from public;
grant execute on function rempart.program_enrolled, rempart.site_programs to rempart_hub;
