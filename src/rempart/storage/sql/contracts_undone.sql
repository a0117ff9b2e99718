-- Undoes contracts.sql.
drop function rempart.site_questions, rempart.site_question_counts, rempart.name_agent, rempart.insurer_served;
create function rempart.site_questions(p_site text, p_from bigint, p_to bigint, p_reference text, p_most int)
returns table (instant bigint, client text, purpose text, reference text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select d.instant, d.client, d.purpose, coalesce(r.reference, '')
    from rempart.disclosure d
    left join lateral (select x.reference from rempart.site_reference x
                       where x.site = p_site and x.instant = d.instant limit 1) r on true
    where (((d.instant / 86400000000)::text || ' ' || d.site) collate "C") in (
              (p_from / 86400000000)::text || ' ' || p_site, ((p_to - 1) / 86400000000)::text || ' ' || p_site)
      and d.instant >= p_from and d.instant < p_to and p_to - p_from <= 2 * 86400000000
      and d.purpose not in ('invoice', 'reading') and (p_reference = '' or r.reference = p_reference)
    order by d.instant desc limit p_most
$$;
create function rempart.site_question_counts(p_site text, p_from bigint, p_to bigint)
returns table (client text, hour int, questions bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select d.client, ((d.instant - p_from) / 3600000000)::int, count(*)
    from rempart.disclosure d
    where (((d.instant / 86400000000)::text || ' ' || d.site) collate "C") in (
              (p_from / 86400000000)::text || ' ' || p_site, ((p_to - 1) / 86400000000)::text || ' ' || p_site)
      and d.instant >= p_from and d.instant < p_to and p_to - p_from <= 2 * 86400000000
      and d.purpose not in ('invoice', 'reading')
    group by 1, 2 order by 1, 2
$$;
revoke all on function rempart.site_questions, rempart.site_question_counts from public;
grant execute on function rempart.site_questions, rempart.site_question_counts to rempart_hub;
alter table rempart.client drop column agents;
drop table rempart.agent_name, rempart.network_member, rempart.network_file_of, rempart.network_file;
drop view rempart.insurer_contract_dated, rempart.site_contract_dated;
drop table rempart.insurer_contract_end, rempart.insurer_contract, rempart.site_contract_end, rempart.site_contract;
