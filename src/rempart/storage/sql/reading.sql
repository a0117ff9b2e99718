-- Reading is disclosing (docs/decisions/0020-reading-is-disclosing.md): who opens lines of care leaves one disclosure a
-- person concerned, once a reader and day. The caller gives what was opened; the tags are the stored ones, so that a
-- reading names nobody whom the decision it reads does not name already, and ties no two days of a person together.
-- A decision whose record is known no more (tag null) is named by its own invoice: a digest that is no day tag.
-- p_opened: invoice, authorization, remittance or support. Subjects of another site are passed over.
create function rempart.disclose_reading(
    p_instant bigint, p_grant bytea, p_client text, p_site text, p_opened text, p_invoices uuid[], p_requests uuid[]
) returns int
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
set enable_bitmapscan = off
as $$
declare
    c_day constant bigint := 86400000000;
    v_day constant bigint := p_instant / c_day;
    v_rows int;
begin
    if p_opened not in ('invoice', 'authorization', 'remittance', 'support') then
        raise exception 'nothing of that kind is read' using errcode = 'check_violation';
    end if;
    insert into rempart.disclosure (instant, grant_id, account, client, site, operator, insurer, purpose, evidence,
                                    template, outcome, tag)
    select p_instant, p_grant, '', p_client, p_site, coalesce(n.operator, ''), s.insurer, 'reading', '', 'lines/1',
           p_opened, s.tag
    from (select distinct on (q.tag) q.tag, q.insurer
          from (select coalesce(d.tag, sha256(uuid_send(i.invoice))) as tag, i.insurer
                from unnest(p_invoices) g(subject)
                join rempart.invoice i on i.invoice = g.subject and i.site = p_site
                join rempart.decision d on d.invoice = i.invoice
                union all
                select r.tag, r.insurer
                from unnest(p_requests) g(subject)
                join rempart.authorization_request r on r.request = g.subject and r.site = p_site) q
          order by q.tag) s
    left join rempart.insurer n on n.insurer = s.insurer
    where not exists (select from rempart.disclosure x
                      where x.instant / 86400000000 = v_day and x.tag = s.tag and x.client = p_client
                        and x.site = p_site and x.purpose = 'reading'
                        and x.instant >= v_day * c_day and x.instant < (v_day + 1) * c_day);
    get diagnostics v_rows = row_count;
    return v_rows;
end $$;
revoke all on function rempart.disclose_reading from public;
grant execute on function rempart.disclose_reading to rempart_hub;
