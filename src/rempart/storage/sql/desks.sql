-- Desks: people of an insurer or of an operator, who sign in as people of sites do and work at no site.

alter table rempart.account drop constraint account_role_check;
alter table rempart.account
    add column insurer text not null default '' check (insurer ~ '^([0-9]{10})?$'),
    add constraint account_role_check check (role in (
        'professional', 'staff', 'manager', 'case-worker', 'insurer-manager', 'agent', 'support', 'security',
        'data-protection')),
    add constraint account_desk check ((role in ('case-worker', 'insurer-manager')) = (insurer <> ''));
-- Of an insurer's person: what a hub that has not met the token needs to know of it.
alter table rempart.token add column insurer text not null default '';
grant select (insurer) on rempart.account to rempart_hub;

-- ---- The operator's desk ----
-- The hub changes nothing of the registry by itself. These functions do it for an account: of a role that may, in good
-- standing, within its own operator. What the command line did, only the command line undoes.

-- Who of a desk suspended, restored, invited; read by the operator's commands and by the auditor.
create table rempart.desk_event (
    event bigint generated always as identity primary key,
    operator text not null,
    account text not null references rempart.account,
    what text not null check (what in ('suspended', 'restored', 'invited')),
    kind text not null check (kind in ('site', 'account')),
    of text not null,
    instant bigint not null
);
create index on rempart.desk_event (operator, event);
create trigger append_only before update or delete on rempart.desk_event
    for each row execute function rempart.refuse_change();
grant select on rempart.desk_event to rempart_worker, rempart_auditor;

-- What a desk suspended and may restore. Whoever else writes a standing, the same one as well, takes it from the desk.
create table rempart.desk_suspension (
    kind text not null check (kind in ('site', 'account')),
    of text not null,
    account text not null references rempart.account,
    instant bigint not null,
    primary key (kind, of)
);
create function rempart.forget_desk_suspension() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
begin
    if tg_table_name = 'site' then
        delete from rempart.desk_suspension where kind = 'site' and of = new.site;
    else
        delete from rempart.desk_suspension where kind = 'account' and of = new.client;
    end if;
    return null;
end $$;
create trigger forget_desk_suspension after update of standing on rempart.site
    for each row execute function rempart.forget_desk_suspension();
create trigger forget_desk_suspension after update of standing on rempart.client
    for each row execute function rempart.forget_desk_suspension();
revoke all on function rempart.forget_desk_suspension() from public;

-- The operator at whose desk an account works in one of these roles; null when it does not, or is suspended.
create function rempart.desk_operator(p_account text, p_roles text[]) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select a.operator from rempart.account a join rempart.client c on c.client = a.account
    where a.account = p_account and a.role = any(p_roles) and c.standing = 'good'
$$;

-- '' when it is so now; purpose, not-found (another operator's as well), not-changeable (closed), own-account,
-- done-elsewhere (not suspended by this desk).
create function rempart.desk_standing(p_account text, p_kind text, p_of text, p_standing text, p_instant bigint)
returns text language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_operator text := rempart.desk_operator(p_account, array['agent']);
    v_now text;
begin
    if v_operator is null then return 'purpose'; end if;
    if p_kind = 'account' and p_of = p_account then return 'own-account'; end if;
    if p_kind = 'site' then
        select s.standing into v_now from rempart.site s where s.site = p_of and s.operator = v_operator for update;
    elsif p_kind = 'account' then
        select c.standing into v_now from rempart.client c join rempart.account a on a.account = c.client
        where c.client = p_of and a.operator = v_operator for update of c;
    end if;
    if v_now is null then return 'not-found'; end if;
    if v_now = p_standing then return ''; end if;
    if v_now = 'closed' or p_standing not in ('good', 'suspended') then return 'not-changeable'; end if;
    if p_standing = 'good' and not exists (
        select from rempart.desk_suspension d where d.kind = p_kind and d.of = p_of) then return 'done-elsewhere'; end if;
    if p_kind = 'site' then
        update rempart.site set standing = p_standing where site = p_of;
    else
        update rempart.client set standing = p_standing where client = p_of;
    end if;
    if p_standing = 'suspended' then
        insert into rempart.desk_suspension (kind, of, account, instant) values (p_kind, p_of, p_account, p_instant);
    end if;
    insert into rempart.desk_event (operator, account, what, kind, of, instant)
    values (v_operator, p_account, case p_standing when 'good' then 'restored' else 'suspended' end, p_kind, p_of,
            p_instant);
    return '';
end $$;

-- An account that the keeper registered for an invitation an agent signed. Nothing here lets anybody sign in.
create function rempart.desk_invited(
    p_agent text, p_account text, p_role text, p_site text, p_first date, p_last date, p_instant bigint)
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
        insert into rempart.mandate (client, site, starts, ends, given)
        values (p_account, p_site, p_first, p_last, p_instant);
    end if;
    insert into rempart.desk_event (operator, account, what, kind, of, instant)
    values (v_operator, p_agent, 'invited', 'account', p_account, p_instant);
    return '';
end $$;

-- The operator's own two compartments: closed or restricted by one, opened by two. '' or purpose, not-found,
-- done-elsewhere (the command line's), closed-already (what is closed is not restricted without being opened first).
create function rempart.desk_shut(
    p_account text, p_compartment text, p_state text, p_reason text, p_reopens bigint, p_french text, p_english text,
    p_instant bigint)
returns text language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_operator text := rempart.desk_operator(p_account, array['agent', 'security']);
    v_state text;
    v_officer text;
begin
    if v_operator is null then return 'purpose'; end if;
    if p_compartment not in ('portal:' || v_operator, 'operator:' || v_operator) then return 'not-found'; end if;
    if p_state not in ('closed', 'restricted') or length(p_french) > 300 or length(p_english) > 300
       or p_reason !~ '^[a-z0-9-]{1,64}$' then return 'not-changeable'; end if;
    select c.state, c.officer into v_state, v_officer from rempart.compartment c
    where c.compartment = p_compartment for update;
    if v_state <> 'open' and not rempart.of_desk(v_officer, v_operator) then return 'done-elsewhere'; end if;
    if v_state = 'closed' and p_state = 'restricted' then return 'closed-already'; end if;
    insert into rempart.compartment as c (compartment, state, reason, changed, officer, reopens, french, english)
    values (p_compartment, p_state, p_reason, p_instant, p_account, p_reopens, p_french, p_english)
    on conflict (compartment) do update set state = excluded.state, reason = excluded.reason,
        changed = greatest(excluded.changed, c.changed + 1), officer = excluded.officer, reopens = excluded.reopens,
        french = excluded.french, english = excluded.english;
    return '';
end $$;

create function rempart.of_desk(p_officer text, p_operator text) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
    select exists (select from rempart.account a where a.account = p_officer and a.operator = p_operator
                   and a.role in ('agent', 'security'))
$$;

-- One voice for opening; with the second, different account's it opens. The refusal, or '' and the state now.
create function rempart.desk_open(p_account text, p_compartment text, p_closing bigint, p_instant bigint)
returns table (refusal text, state text) language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_operator text := rempart.desk_operator(p_account, array['agent', 'security']);
    v_held rempart.compartment%rowtype;
    v_voices int;
begin
    if v_operator is null then return query select 'purpose'::text, ''::text; return; end if;
    if p_compartment not in ('portal:' || v_operator, 'operator:' || v_operator) then
        return query select 'not-found'::text, ''::text; return;
    end if;
    select * into v_held from rempart.compartment c where c.compartment = p_compartment for update;
    if v_held.compartment is null or v_held.state = 'open' or v_held.changed <> p_closing then
        return query select 'closing-over'::text, ''::text; return;
    end if;
    if not rempart.of_desk(v_held.officer, v_operator) then
        return query select 'done-elsewhere'::text, ''::text; return;
    end if;
    insert into rempart.compartment_opening (compartment, closing, officer, instant)
    values (p_compartment, v_held.changed, p_account, p_instant) on conflict do nothing;
    if not found then return query select 'voice-given'::text, ''::text; return; end if;
    select count(*) into v_voices from rempart.compartment_opening o
    where o.compartment = p_compartment and o.closing = v_held.changed;
    if v_voices < 2 then return query select ''::text, v_held.state; return; end if;
    update rempart.compartment c set state = 'open', reason = '', changed = greatest(p_instant, v_held.changed + 1),
        officer = p_account, reopens = null, french = '', english = '' where c.compartment = p_compartment;
    return query select ''::text, 'open'::text;
end $$;

-- What happened to the operator's own two, the newest first; `officer` is an account, '' for the command line, whose
-- officers' names are not the desk's business. `closing` ties a voice to what it was about.
create function rempart.desk_history(p_operator text, p_most int)
returns table (instant bigint, compartment text, step text, officer text, reason text, reopens bigint, french text,
               english text, closing bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    with own(compartment) as (values ('portal:' || p_operator), ('operator:' || p_operator)), told as (
        select e.instant, e.compartment, e.state, e.officer, e.reason, e.reopens, e.french, e.english,
               e.instant as closing, 1 as place
        from rempart.compartment_event e join own using (compartment)
        union all
        select o.instant, o.compartment, 'agreed', o.officer, '', null, '', '', o.closing, 0
        from rempart.compartment_opening o join own using (compartment))
    select t.instant, t.compartment, t.state, case when rempart.of_desk(t.officer, p_operator) then t.officer else '' end,
           t.reason, t.reopens, t.french, t.english, t.closing
    from told t order by t.instant desc, t.place desc limit p_most
$$;
revoke all on function rempart.desk_operator, rempart.of_desk, rempart.desk_standing, rempart.desk_invited,
    rempart.desk_shut, rempart.desk_open, rempart.desk_history from public;
grant execute on function rempart.desk_standing, rempart.desk_invited, rempart.desk_shut, rempart.desk_open,
    rempart.desk_history to rempart_hub;
grant select (invited) on rempart.account to rempart_hub;
grant select on rempart.desk_suspension to rempart_hub;
