-- The door's last word. One call settles a batch: it re-reads standing, compartments and token, locks the budget rows in one
-- order, applies the caps it was given, writes first meetings, counters, disclosures (refused ones too) and
-- accreditations, and says for each item, in order, whether its answer may leave and whether the site knew the record.
-- Every array has one element per item; null only in p_token (the worker has none), p_meeting (a miss),
-- p_accreditation and what belongs to it. A day is days since 1970 at UTC, an hour 0..23 of that day.
-- Verdicts: ok, refused:<reason>, and for an invoice waiting:site-budget.
-- The planner is told to use indexes whatever it believes of the tables: at midnight the day's rows are none.
create function rempart.settle(
    p_instant bigint[], p_token bytea[], p_grant bytea[], p_client text[], p_site text[], p_operator text[],
    p_insurer text[], p_channel text[], p_purpose text[], p_evidence text[],
    p_template text[], p_template_known text[], p_outcome text[], p_outcome_known text[],
    p_tag bytea[], p_meeting bytea[], p_cost int[], p_site_cap int[], p_client_cap int[], p_hour_share int,
    p_accreditation bytea[], p_accreditation_mac bytea[], p_domains int[], p_first_day int[], p_last_day int[],
    p_known_until int[], p_reference text[],
    out verdict text[], out known boolean[]
)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
set enable_material = off set enable_bitmapscan = off
as $$
declare
    c_uncapped constant int := 2147483647;  -- a client without a cap of its own: its site's cap is the tighter one
    n constant int := coalesce(array_length(p_instant, 1), 0);
    v_day constant int := (p_instant[1] / 86400000000)::int;
    v_hour constant int := ((p_instant[1] / 3600000000) % 24)::int;
    v_start constant bigint := (p_instant[1] / 86400000000) * 86400000000;
    v_scopes text[];
    v_fresh boolean[];
    v_first int[];
    v_site_at int[];
    v_client_at int[];
    v_typed int[];
    v_machine int[];
    v_invoice int[];
    v_hour_typed int[];
    v_hour_machine int[];
    v_hours_now int;
    v_refused int[];
    v_changed boolean[];
    v_now int;
    v_client_now int;
    v_cost int;
    i int; s int; c int;
begin
    if n = 0 then return; end if;

    -- 1. The budget rows, made when the day is new, locked in one order by every caller.
    select array_agg(b.scope order by b.scope) into v_scopes
    from (select 'client:' || x.client as scope from unnest(p_client, p_client_cap) x(client, cap) where x.cap < c_uncapped
          union select 'site:' || x from unnest(p_site) x) b;
    loop
        -- One look-up a row, in the array's order: a join would let the planner walk the whole day's table.
        select array_agg(l.typed order by k.ord), array_agg(l.machine order by k.ord),
               array_agg(l.invoice order by k.ord),
               array_agg(case when l.hour = v_hour then l.hour_typed else 0 end order by k.ord),
               array_agg(case when l.hour = v_hour then l.hour_machine else 0 end order by k.ord),
               array_agg(l.refused order by k.ord)
        into v_typed, v_machine, v_invoice, v_hour_typed, v_hour_machine, v_refused
        from unnest(v_scopes) with ordinality k(scope, ord)
        cross join lateral (select b.typed, b.machine, b.invoice, b.hour, b.hour_typed, b.hour_machine,
                                   b.refused
                            from rempart.budget b where b.scope = k.scope and b.day = v_day limit 1 for update) l;
        exit when coalesce(array_length(v_typed, 1), 0) = array_length(v_scopes, 1);
        insert into rempart.budget (scope, day)
        select k.scope, v_day from unnest(v_scopes) with ordinality k(scope, ord) order by k.ord
        on conflict do nothing;
    end loop;

    -- 2. What stands now, read after the locks: token, standings, compartments, what this site knows and saw today.
    select array_agg(case
               when q.token is not null and t.hash is null then 'refused:token'
               when cl.standing is distinct from 'good' then 'refused:client-standing'
               when st.standing is distinct from 'good' then 'refused:site-standing'
               when cp.closed then 'refused:compartment'
               else 'ok' end order by q.ord),
           array_agg(coalesce(m.known_until >= v_day, false) order by q.ord),
           array_agg(d.seen is null order by q.ord),
           array_agg(q.first order by q.ord),
           array_agg(array_position(v_scopes, 'site:' || q.site) order by q.ord),
           array_agg(case when q.client_cap < c_uncapped then array_position(v_scopes, 'client:' || q.client) end
                     order by q.ord)
    into verdict, known, v_fresh, v_first, v_site_at, v_client_at
    from (select u.*, min(u.ord) over (partition by u.site, u.tag) as first
          from unnest(p_token, p_client, p_site, p_operator, p_insurer, p_channel, p_tag, p_meeting, p_instant,
                      p_client_cap)
               with ordinality u(token, client, site, operator, insurer, channel, tag, meeting, instant, client_cap, ord)) q
    left join lateral (select x.hash from rempart.token x
                       where x.hash = q.token and x.revoked is null and x.expires > q.instant) t on true
    left join lateral (select x.standing from rempart.client x where x.client = q.client) cl on true
    left join lateral (select x.standing, x.profession from rempart.site x where x.site = q.site) st on true
    left join lateral (select true as closed from rempart.compartment x
                       where x.compartment in ('hub', 'channel:' || q.channel, 'operator:' || q.operator,
                                               'insurer:' || q.insurer, 'profession:' || coalesce(st.profession, ''))
                         and x.state = 'closed' limit 1) cp on true
    left join lateral (select x.known_until from rempart.met x where x.meeting = q.meeting) m on true
    left join lateral (select true as seen from rempart.disclosure x
                       where x.site = q.site and x.tag = q.tag and x.template <> 'none'
                         and x.instant >= v_start and x.instant < v_start + 86400000000 limit 1) d on true;

    -- 3. Caps, item by item in the order of arrival, so that a cap of 380 lets exactly 380 people pass.
    -- Known people never count; a person seen today counts once; a repeat in this batch follows its first item.
    v_changed := array_fill(false, array[array_length(v_scopes, 1)]);
    for i in 1..n loop
        s := v_site_at[i];
        if verdict[i] = 'ok' and not known[i] and v_fresh[i] then
            if v_first[i] < i then
                verdict[i] := verdict[v_first[i]];
            else
                c := v_client_at[i];
                v_cost := p_cost[i];
                if p_purpose[i] = 'invoice' then
                    if v_invoice[s] + v_cost > p_site_cap[i] then
                        verdict[i] := 'waiting:site-budget';
                    else
                        v_invoice[s] := v_invoice[s] + v_cost;
                        if c is not null then v_invoice[c] := v_invoice[c] + v_cost; end if;
                    end if;
                else
                    v_now := case p_evidence[i] when 'machine' then v_machine[s] else v_typed[s] end;
                    v_hours_now := case p_evidence[i] when 'machine' then v_hour_machine[s] else v_hour_typed[s] end;
                    v_client_now := case when c is null then -v_cost when p_evidence[i] = 'machine' then v_machine[c]
                                         else v_typed[c] end;
                    if v_now + v_cost > p_site_cap[i] then
                        verdict[i] := 'refused:site-budget';
                    elsif v_client_now + v_cost > p_client_cap[i] then
                        verdict[i] := 'refused:client-budget';
                    elsif (v_hours_now + v_cost)::bigint * 100 > p_site_cap[i]::bigint * p_hour_share then
                        verdict[i] := 'refused:hour-budget';
                    else
                        if p_evidence[i] = 'machine' then
                            v_machine[s] := v_machine[s] + v_cost;
                            v_hour_machine[s] := v_hour_machine[s] + v_cost;
                            if c is not null then v_machine[c] := v_machine[c] + v_cost; end if;
                        else
                            v_typed[s] := v_typed[s] + v_cost;
                            v_hour_typed[s] := v_hour_typed[s] + v_cost;
                            if c is not null then v_typed[c] := v_typed[c] + v_cost; end if;
                        end if;
                    end if;
                end if;
            end if;
        end if;
        if verdict[i] <> 'ok' then
            v_refused[s] := v_refused[s] + 1;
            v_changed[s] := true;
        elsif not known[i] and v_fresh[i] then
            v_changed[s] := true;
            if v_client_at[i] is not null then v_changed[v_client_at[i]] := true; end if;
        end if;
    end loop;

    -- 4. The facts: counters, disclosures (refused ones too), first meetings, accreditations.
    insert into rempart.budget as b (scope, day, typed, machine, invoice, hour, hour_typed, hour_machine, refused)
    select k.scope, v_day, k.typed, k.machine, k.invoice, v_hour, k.hour_typed, k.hour_machine, k.refused
    from unnest(v_scopes, v_changed, v_typed, v_machine, v_invoice, v_hour_typed, v_hour_machine, v_refused)
         k(scope, changed, typed, machine, invoice, hour_typed, hour_machine, refused)
    where k.changed
    on conflict (scope, day) do update
    set typed = excluded.typed, machine = excluded.machine, invoice = excluded.invoice, hour = excluded.hour,
        hour_typed = excluded.hour_typed, hour_machine = excluded.hour_machine, refused = excluded.refused;

    insert into rempart.disclosure (instant, grant_id, account, client, site, operator, insurer, purpose, evidence,
                                    template, outcome, tag)
    select u.instant, u.grant_id, '', u.client, u.site, u.operator, u.insurer, u.purpose,
           case when u.known then 'known' else u.evidence end,
           case when u.verdict <> 'ok' then 'none' when u.known then u.template_known else u.template end,
           case when u.verdict <> 'ok' then u.verdict when u.known then u.outcome_known else u.outcome end,
           u.tag
    from unnest(p_instant, p_grant, p_client, p_site, p_operator, p_insurer, p_purpose, p_evidence, p_template,
                p_template_known, p_outcome, p_outcome_known, p_tag, verdict, known)
         u(instant, grant_id, client, site, operator, insurer, purpose, evidence, template, template_known, outcome,
           outcome_known, tag, verdict, known);

    -- A meeting's dates are kept by spans of 32 days, and its row is not written again within one: with exact days, the
    -- transaction that wrote it last and the day it began would tie a person's visits to this site together.
    insert into rempart.met as m (meeting, first_day, known_until)
    select u.meeting, v_day / 32 * 32, max(u.known_until)
    from unnest(p_meeting, p_known_until, verdict, known) u(meeting, known_until, verdict, known)
    where u.meeting is not null and u.verdict = 'ok'
    group by u.meeting order by u.meeting
    on conflict (meeting) do update set known_until = excluded.known_until
    where excluded.known_until > m.known_until;

    insert into rempart.accreditation (hash, mac, site, domains, first_day, last_day, instant)
    select u.hash, u.mac, u.site, u.domains, u.first_day, u.last_day, u.instant
    from unnest(p_accreditation, p_accreditation_mac, p_site, p_domains, p_first_day, p_last_day, p_instant, verdict)
         u(hash, mac, site, domains, first_day, last_day, instant, verdict)
    where u.hash is not null and u.verdict = 'ok';

    insert into rempart.site_reference (site, reference, instant)
    select u.site, u.reference, u.instant from unnest(p_site, p_reference, p_instant) u(site, reference, instant)
    where u.reference <> '';
end $$;
