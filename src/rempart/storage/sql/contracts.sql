-- Contracts by date, networks of care from files, and the names under which programs' agents are logged.
-- What was agreed is never edited: an end is a row of its own, and one view says what holds from when to when.

create table rempart.insurer_contract (
    contract bigint generated always as identity primary key,
    operator text not null check (operator <> ''),
    insurer text not null references rempart.insurer,
    starts date not null,
    ends date not null default '9999-12-31' check (ends >= starts),
    said_by text not null check (said_by <> ''),
    noted bigint not null
);
create index insurer_contract_of on rempart.insurer_contract (insurer);
create table rempart.insurer_contract_end (
    contract bigint primary key references rempart.insurer_contract,
    ends date not null,                        -- the last day; the day before its start: it never held
    said_by text not null check (said_by <> ''),
    noted bigint not null
);

-- Of a site, of a profession, or ('', '') of every site of the operator.
create table rempart.site_contract (
    contract bigint generated always as identity primary key,
    operator text not null check (operator <> ''),
    profession text not null default '',
    site text not null default '' check (site = '' or profession = ''),
    starts date not null,
    ends date not null default '9999-12-31' check (ends >= starts),
    cycle_days int not null default 1 check (cycle_days between 1 and 31),
    least_cents bigint not null default 1 check (least_cents between 1 and 100000),
    signed_by text not null check (signed_by <> ''),   -- whose signature the paper bears: a body or an office, no person
    said_by text not null check (said_by <> ''),
    noted bigint not null
);
create index site_contract_of on rempart.site_contract (operator);
create table rempart.site_contract_end (
    contract bigint primary key references rempart.site_contract,
    ends date not null,
    said_by text not null check (said_by <> ''),
    noted bigint not null
);
create view rempart.insurer_contract_dated with (security_invoker = true) as
select c.contract, c.operator, c.insurer, c.starts, least(c.ends, e.ends) as ends
from rempart.insurer_contract c left join rempart.insurer_contract_end e using (contract);
create view rempart.site_contract_dated with (security_invoker = true) as
select c.contract, c.operator, c.profession, c.site, c.starts, least(c.ends, e.ends) as ends, c.cycle_days,
       c.least_cents
from rempart.site_contract c left join rempart.site_contract_end e using (contract);

-- Whether an operator's desk may see an insurer on a day: it has a contract then, or nobody ever wrote one.
create function rempart.insurer_served(p_operator text, p_insurer text, p_day date)
returns boolean language sql stable set search_path = pg_catalog, pg_temp as $$
    select not exists (select from rempart.insurer_contract c where c.insurer = p_insurer)
        or exists (select from rempart.insurer_contract_dated d
                   where d.insurer = p_insurer and d.operator = p_operator and p_day between d.starts and d.ends)
$$;

-- Networks of care. A file speaks for the networks it names, from its day on; `superseded` rows are what was known before.
create table rempart.network_file (
    file bigint generated always as identity primary key,
    operator text not null check (operator <> ''),
    as_of date not null,
    digest bytea not null check (length(digest) = 32),
    listed int not null,
    joined int not null,
    departed int not null,
    altered int not null,
    said_by text not null check (said_by <> ''),
    noted bigint not null,
    unique (operator, digest)
);
create table rempart.network_file_of (
    file bigint not null references rempart.network_file,
    network text not null,
    primary key (file, network)
);
create table rempart.network_member (
    member bigint generated always as identity primary key,
    operator text not null,
    network text not null,
    site text not null check (length(site) = 9),
    starts date not null,
    ends date not null check (ends >= starts),
    told_by bigint not null references rempart.network_file,
    superseded bigint references rempart.network_file
);
create unique index network_member_known on rempart.network_member (operator, network, site, starts)
    where superseded is null;

create trigger facts_changed after insert on rempart.insurer_contract
    for each statement execute function rempart.facts_changed();
create trigger facts_changed after insert on rempart.insurer_contract_end
    for each statement execute function rempart.facts_changed();
create trigger facts_changed after insert on rempart.site_contract
    for each statement execute function rempart.facts_changed();
create trigger facts_changed after insert on rempart.site_contract_end
    for each statement execute function rempart.facts_changed();
create trigger facts_changed after insert on rempart.network_file
    for each statement execute function rempart.facts_changed();
create trigger append_only before update or delete on rempart.insurer_contract
    for each row execute function rempart.refuse_change();
create trigger append_only before update or delete on rempart.insurer_contract_end
    for each row execute function rempart.refuse_change();
create trigger append_only before update or delete on rempart.site_contract
    for each row execute function rempart.refuse_change();
create trigger append_only before update or delete on rempart.site_contract_end
    for each row execute function rempart.refuse_change();
create trigger append_only before update or delete on rempart.network_file
    for each row execute function rempart.refuse_change();

-- Who sits at a site's program, by the program's own word for it. The log has `name`, drawn by chance: without this row
-- it names nobody, so a word is forgotten by deleting its row.
create table rempart.agent_name (
    client text not null references rempart.client,
    site text not null references rempart.site,
    agent text not null check (length(agent) between 1 and 20),
    name text not null unique check (name ~ '^agent-[a-z0-9]{16}$'),
    first_seen bigint not null,
    primary key (client, site, agent)
);
alter table rempart.client add column agents text not null default 'optional'
    check (agents in ('optional', 'required'));

-- The name of an agent: `p_name` when it is met for the first time, '' when the site's program has `p_most` already.
create function rempart.name_agent(
    p_client text, p_site text, p_agent text, p_name text, p_instant bigint, p_most int)
returns text language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare v_name text;
begin
    select a.name into v_name from rempart.agent_name a
    where a.client = p_client and a.site = p_site and a.agent = p_agent;
    if found then return v_name; end if;
    if (select count(*) from rempart.agent_name a where a.client = p_client and a.site = p_site) >= p_most then
        return '';
    end if;
    insert into rempart.agent_name (client, site, agent, name, first_seen)
    values (p_client, p_site, p_agent, p_name, p_instant) on conflict (client, site, agent) do nothing;
    select a.name into v_name from rempart.agent_name a
    where a.client = p_client and a.site = p_site and a.agent = p_agent;
    return v_name;
end $$;

-- As in doors.sql, and beside the program the site's own word for who sat at it.
drop function rempart.site_questions, rempart.site_question_counts;
create function rempart.site_questions(p_site text, p_from bigint, p_to bigint, p_reference text, p_most int)
returns table (instant bigint, client text, purpose text, reference text, agent text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select d.instant, d.client, d.purpose, coalesce(r.reference, ''), coalesce(a.agent, '')
    from rempart.disclosure d
    left join lateral (select x.reference from rempart.site_reference x
                       where x.site = p_site and x.instant = d.instant limit 1) r on true
    left join rempart.agent_name a on a.name = d.account and a.site = p_site
    where (((d.instant / 86400000000)::text || ' ' || d.site) collate "C") in (
              (p_from / 86400000000)::text || ' ' || p_site, ((p_to - 1) / 86400000000)::text || ' ' || p_site)
      and d.instant >= p_from and d.instant < p_to and p_to - p_from <= 2 * 86400000000
      and d.purpose not in ('invoice', 'reading') and (p_reference = '' or r.reference = p_reference)
    order by d.instant desc limit p_most
$$;
create function rempart.site_question_counts(p_site text, p_from bigint, p_to bigint)
returns table (client text, hour int, questions bigint, agent text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select d.client, ((d.instant - p_from) / 3600000000)::int, count(*), coalesce(a.agent, '')
    from rempart.disclosure d
    left join rempart.agent_name a on a.name = d.account and a.site = p_site
    where (((d.instant / 86400000000)::text || ' ' || d.site) collate "C") in (
              (p_from / 86400000000)::text || ' ' || p_site, ((p_to - 1) / 86400000000)::text || ' ' || p_site)
      and d.instant >= p_from and d.instant < p_to and p_to - p_from <= 2 * 86400000000
      and d.purpose not in ('invoice', 'reading')
    group by 1, 2, 4 order by 1, 4, 2
$$;

grant select on rempart.insurer_contract, rempart.insurer_contract_end, rempart.insurer_contract_dated,
    rempart.site_contract, rempart.site_contract_end, rempart.site_contract_dated, rempart.network_member
    to rempart_hub, rempart_worker;
grant select on rempart.network_file, rempart.network_file_of, rempart.agent_name to rempart_worker;
grant insert on rempart.insurer_contract, rempart.insurer_contract_end, rempart.site_contract,
    rempart.site_contract_end, rempart.network_file, rempart.network_file_of, rempart.network_member to rempart_worker;
grant update (superseded) on rempart.network_member to rempart_worker;
grant delete on rempart.agent_name to rempart_worker;
revoke all on function rempart.insurer_served, rempart.name_agent, rempart.site_questions,
    rempart.site_question_counts from public;
grant execute on function rempart.insurer_served to rempart_hub, rempart_worker;
grant execute on function rempart.name_agent, rempart.site_questions, rempart.site_question_counts to rempart_hub;
