-- Presence codes (docs/formats/presence-code.md): what an insurer's member may show for a quarter of an hour instead of a
-- card. Kept under a fingerprint that the keeper alone computes; `mapping` opens with the code and the keeper's key. A
-- code that was used is gone: nobody can read here who was where.

create table rempart.presence_code (
    finder bytea primary key check (length(finder) = 16),
    insurer text not null references rempart.insurer,
    operator text not null,
    site text not null,                        -- empty: the first that uses it
    mapping bytea not null,
    expires bigint not null
);
create index presence_code_expires on rempart.presence_code (expires);

-- Of a day: how many codes an insurer was given, and how many that found nobody were shown by a client and at a site.
create table rempart.presence_count (
    scope text not null,
    day int not null,
    times int not null,
    primary key (scope, day)
);
create index presence_count_day on rempart.presence_count (day);

-- Keeps a new code; `ok`, or `presence-budget` when the insurer has had its codes of the day. Forgets what is over.
create function rempart.give_presence(
    p_finder bytea, p_insurer text, p_operator text, p_site text, p_mapping bytea, p_instant bigint, p_expires bigint,
    p_most int
) returns text language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_day constant int := (p_instant / 86400000000)::int;
    v_times int;
begin
    insert into rempart.presence_count as c (scope, day, times) values ('insurer:' || p_insurer, v_day, 1)
    on conflict (scope, day) do update set times = c.times + 1
    returning times into v_times;
    if v_times > p_most then return 'presence-budget'; end if;
    delete from rempart.presence_code where expires <= p_instant;
    delete from rempart.presence_count where day < v_day - 30;
    insert into rempart.presence_code (finder, insurer, operator, site, mapping, expires)
    values (p_finder, p_insurer, p_operator, p_site, p_mapping, p_expires);
    return 'ok';
end $$;

-- Uses a code up: `ok` with what was kept, `presence-attempts` before anything is looked for when too many were wrong, or
-- '' for all others alike, and then it is counted: unknown, used, expired, another site's.
create function rempart.claim_presence(
    p_finder bytea, p_site text, p_client text, p_instant bigint, p_client_most int, p_site_most int,
    out verdict text, out insurer text, out operator text, out mapping bytea
) language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_day constant int := (p_instant / 86400000000)::int;
    v_client constant text := 'client:' || p_client || '/' || p_site;
    v_site constant text := 'site:' || p_site;
    v_of_client int;
    v_of_site int;
begin
    verdict := '';
    insert into rempart.presence_count (scope, day, times) values (v_client, v_day, 0), (v_site, v_day, 0)
    on conflict do nothing;
    select times into v_of_client from rempart.presence_count where scope = v_client and day = v_day for update;
    select times into v_of_site from rempart.presence_count where scope = v_site and day = v_day for update;
    if v_of_client >= p_client_most or v_of_site >= p_site_most then
        verdict := 'presence-attempts';
        return;
    end if;
    delete from rempart.presence_code c
    where c.finder = p_finder and c.expires > p_instant and c.site in ('', p_site)
    returning c.insurer, c.operator, c.mapping into insurer, operator, mapping;
    if found then
        verdict := 'ok';
    else
        update rempart.presence_count set times = times + 1 where scope in (v_client, v_site) and day = v_day;
    end if;
end $$;
revoke all on function rempart.give_presence, rempart.claim_presence from public;
grant execute on function rempart.give_presence, rempart.claim_presence to rempart_hub;
