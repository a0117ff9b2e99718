-- What a recovered account may, and who is told of it.

-- Until when the account itself is on probation, after a recovery or a first passkey: 0 in a session that is less by itself.
alter table rempart.token add column watched bigint not null default 0;
grant update (watched) on rempart.token to rempart_hub;

-- An account was let back in: its live tokens end, and every site at which it works today, by the site's own clock, is told.
-- A desk's account works at none. How many tokens were live.
create function rempart.account_recovered(p_account text, p_instant bigint) returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_at timestamptz := to_timestamp(p_instant / 1000000.0);
    v_ended int;
begin
    update rempart.token t set revoked = p_instant
    where t.client = p_account and t.revoked is null and t.expires > p_instant;
    get diagnostics v_ended = row_count;
    insert into rempart.site_notice (site, kind, subject, day, instant)
    select distinct s.site, 'account-recovered',
           md5('recovered ' || p_account || ' ' || p_instant || ' ' || s.site)::uuid,
           (v_at at time zone 'Europe/Paris')::date, p_instant
    from rempart.mandate m join rempart.account a on a.account = m.client join rempart.site s on s.site = m.site
    where m.client = p_account and (m.ended is null or m.ended > p_instant)
      and (v_at at time zone s.zone)::date between m.starts and m.ends
    on conflict (kind, subject) do nothing;
    return v_ended;
end $$;
revoke all on function rempart.account_recovered from public;
grant execute on function rempart.account_recovered to rempart_hub, rempart_worker;
