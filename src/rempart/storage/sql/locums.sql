-- Locums: mandates that a site's manager gives and ends, and staff for whom somebody of the site answers. The keeper
-- verified the manager's signature before; the hub reaches the table through these functions alone.
alter table rempart.mandate
    add column delegated_by text references rempart.client,  -- the manager's account; null: given by the operator
    add column accountable text references rempart.client;   -- who answers for a person without a number of their own

alter table rempart.account add column federated boolean not null default false;  -- came by a hospital's own provider

create function rempart.delegate_site(p_account text, p_site text, p_starts date, p_ends date, p_by text, p_instant bigint)
returns void language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into rempart.mandate (client, site, starts, ends, given, delegated_by)
    select p_account, p_site, p_starts, p_ends, p_instant, p_by
    where exists (select from rempart.account a where a.account = p_account)
      and not exists (select from rempart.mandate m where m.client = p_account and m.site = p_site
                      and m.starts = p_starts and m.ends = p_ends and m.ended is null and m.delegated_by is not null)
$$;
create function rempart.end_delegations(p_account text, p_site text, p_instant bigint)
returns void language sql security definer set search_path = pg_catalog, pg_temp as $$
    update rempart.mandate set ended = p_instant
    where client = p_account and site = p_site and ended is null and delegated_by is not null
$$;
-- Somebody of a hospital, whom its own provider vouched for and the keeper named: an account of that operator, at these
-- sites until the provider says otherwise. An account that is another operator's stays as it is.
create function rempart.federate_account(
    p_account text, p_operator text, p_role text, p_sites text[], p_day date, p_instant bigint)
returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into rempart.client (client, kind, vendor, standing, registered)
    values (p_account, 'account', 'portal:' || p_operator, 'good', p_instant) on conflict do nothing;
    insert into rempart.account (account, operator, role, invited, federated)
    values (p_account, p_operator, p_role, p_instant, true) on conflict do nothing;
    update rempart.account set role = p_role
    where account = p_account and operator = p_operator and federated and p_role in ('professional', 'staff');
    if not found then return; end if;  -- invited, or another operator's: the hub changes nothing of it
    update rempart.mandate set ended = p_instant
    where client = p_account and ended is null and delegated_by is null and site <> all(p_sites);
    insert into rempart.mandate (client, site, starts, ends, given)
    select p_account, s.site, p_day, date '2099-12-31', p_instant from rempart.site s
    where s.site = any(p_sites) and s.operator = p_operator
      and not exists (select from rempart.mandate m where m.client = p_account and m.site = s.site
                      and m.ended is null and p_day between m.starts and m.ends);
end $$;
revoke all on function rempart.delegate_site, rempart.end_delegations, rempart.federate_account from public;
grant execute on function rempart.delegate_site, rempart.end_delegations, rempart.federate_account to rempart_hub;
