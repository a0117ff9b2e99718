-- The door's last word. One call settles a batch: it re-reads standing, compartments and token, locks the budget rows in one
-- order, applies the caps it was given, writes first meetings, counters, disclosures (refused ones too) and
-- accreditations, and says for each item, in order, whether its answer may leave and whether the site knew the record.
-- Every array has one element per item; null only in p_token (the worker has none), p_meeting (a miss),
-- p_accreditation and what belongs to it; p_account and p_account_cap are null where no program named who sits at it and
-- nobody is on probation: without an account the cap is the client's own, of typed and machine together.
-- A day is days since 1970 at UTC, an hour 0..23 of that day.
-- Verdicts: ok, refused:<reason>, and for an invoice waiting:site-budget.
-- The planner is told to use indexes whatever it believes of the tables: at midnight the day's rows are none.
-- Each step is one statement over the batch: arrays are subscripted, which costs half of unnesting them side by side,
-- and what is rare (a capped client, a repeat, a reference, a closed compartment) has no part in the usual statements.
create function rempart.settle(
    p_instant bigint[], p_token bytea[], p_grant bytea[], p_client text[], p_site text[], p_operator text[],
    p_insurer text[], p_channel text[], p_purpose text[], p_evidence text[],
    p_template text[], p_template_known text[], p_outcome text[], p_outcome_known text[],
    p_tag bytea[], p_meeting bytea[], p_cost int[], p_site_cap int[], p_client_cap int[], p_hour_share int,
    p_accreditation bytea[], p_accreditation_mac bytea[], p_domains int[], p_first_day int[], p_last_day int[],
    p_known_until int[], p_reference text[], p_card_sites int default 6,
    p_account text[] default null, p_account_cap int[] default null,
    out verdict text[], out known boolean[]
)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
set enable_material = off set enable_bitmapscan = off
as $$
declare
    c_uncapped constant int := 2147483647;  -- a client without a cap of its own: its site's cap is the tighter one
    c_day constant bigint := 86400000000;
    n constant int := coalesce(array_length(p_instant, 1), 0);
    v_day constant int := (p_instant[1] / c_day)::int;
    v_hour constant int := ((p_instant[1] / 3600000000) % 24)::int;
    v_start constant bigint := (p_instant[1] / c_day) * c_day;
    v_closed text[];
    v_restricted text[];
    v_scopes text[];
    v_clients text[];
    v_agents text[];
    v_named int := 0;       -- how many of the scopes are people at a program: they come first
    v_capped int := 0;      -- how many are people or clients: sites come last
    v_many int;
    v_row tid[];
    v_new boolean[];
    v_later boolean[];
    v_fresh boolean[];
    v_first int[];
    v_site_at int[];
    v_client_at int[];
    v_agent_at int[];
    v_typed int[];
    v_machine int[];
    v_invoice int[];
    v_hour_typed int[];
    v_hour_machine int[];
    v_refused int[];
    v_changed boolean[];
    v_now int;
    v_client_now int;
    v_hours_now int;
    v_cost int;
    v_rows int;
    i int; s int; c int; a int;
begin
    if n = 0 then return; end if;

    -- 1. The budget rows, made when the day is new, locked in one order by every caller.
    select array_agg(distinct 'site:' || r.site), array_agg(r.place order by r.i)
    into v_scopes, v_site_at
    from (select q.i, q.site, dense_rank() over (order by q.site) as place
          from (select g as i, p_site[g] collate "C" as site from generate_series(1, n) g) q) r;
    if c_uncapped > any (p_client_cap) then
        select array_agg(distinct 'client:' || r.client) filter (where r.client is not null),
               array_agg(case when r.client is not null then r.place end order by r.i)
        into v_clients, v_client_at
        from (select q.i, q.client, dense_rank() over (order by q.client) as place
              from (select g as i, case when p_client_cap[g] < c_uncapped then p_client[g] end collate "C" as client
                    from generate_series(1, n) g) q) r;
        v_capped := array_length(v_clients, 1);
        v_scopes := v_clients || v_scopes;
    end if;
    if '' <> any (p_account) then
        select array_agg(distinct 'agent:' || r.agent) filter (where r.agent is not null),
               array_agg(case when r.agent is not null then r.place end order by r.i)
        into v_agents, v_agent_at
        from (select q.i, q.agent, dense_rank() over (order by q.agent) as place
              from (select g as i, nullif(p_account[g], '') collate "C" as agent from generate_series(1, n) g) q) r;
        v_named := array_length(v_agents, 1);
        v_capped := v_capped + v_named;
        v_scopes := v_agents || v_scopes;
    end if;
    v_many := array_length(v_scopes, 1);
    loop
        -- One look-up a row, in the array's order: a join would let the planner walk the whole day's table.
        select array_agg(l.ctid order by k.i), array_agg(l.typed order by k.i), array_agg(l.machine order by k.i),
               array_agg(l.invoice order by k.i),
               array_agg(case when l.hour = v_hour then l.hour_typed else 0 end order by k.i),
               array_agg(case when l.hour = v_hour then l.hour_machine else 0 end order by k.i),
               array_agg(l.refused order by k.i), array_agg(false)
        into v_row, v_typed, v_machine, v_invoice, v_hour_typed, v_hour_machine, v_refused, v_changed
        from generate_series(1, v_many) k(i)
        cross join lateral (select b.ctid, b.typed, b.machine, b.invoice, b.hour, b.hour_typed, b.hour_machine,
                                   b.refused
                            from rempart.budget b where b.scope = v_scopes[k.i] and b.day = v_day limit 1 for update) l;
        exit when array_length(v_typed, 1) = v_many;
        insert into rempart.budget (scope, day)
        select v_scopes[k.i], v_day from generate_series(1, v_many) k(i) order by k.i
        on conflict do nothing;
    end loop;

    -- 2. What stands now, read after the locks: token, standings, compartments, what this site knows and saw today.
    select array_agg(x.compartment) filter (where x.state = 'closed'),
           array_agg(x.compartment) filter (where x.state = 'restricted')
    into v_closed, v_restricted
    from rempart.compartment x where x.state <> 'open';
    select array_agg(case
               when p_token[q.i] is not null and t.hash is null then 'refused:token'
               when cl.standing is distinct from 'good' then 'refused:client-standing'
               -- An insurer that checks its own record stands where a site does and is none.
               when p_purpose[q.i] <> 'record-check' and st.standing is distinct from 'good' then 'refused:site-standing'
               else 'ok' end order by q.i),
           array_agg(coalesce(mt.known_until >= v_day, false) order by q.i),
           array_agg(mt.known_until is null order by q.i),
           array_agg(mt.known_until < p_known_until[q.i] order by q.i),
           array_agg(d.seen is null order by q.i)
    into verdict, known, v_new, v_later, v_fresh
    from generate_series(1, n) q(i)
    left join lateral (select x.hash from rempart.token x
                       where x.hash = p_token[q.i] and x.revoked is null and x.expires > p_instant[q.i]) t on true
    left join lateral (select x.standing from rempart.client x where x.client = p_client[q.i]) cl on true
    left join lateral (select x.standing from rempart.site x where x.site = p_site[q.i]) st on true
    left join lateral (select x.known_until from rempart.met x where x.meeting = p_meeting[q.i]) mt on true
    left join lateral (select true as seen from rempart.disclosure x
                       where x.instant / 86400000000 = v_day and x.tag = p_tag[q.i] and x.site = p_site[q.i]
                         and x.template <> 'none'
                         and x.instant >= v_start and x.instant < v_start + c_day limit 1) d on true;

    -- Compartments, looked at only while one is not open. A person comes in by the portal of its account, whose client
    -- names it as `portal:<operator>`; a null in the array is in no compartment. The same list is in
    -- domain/compartments.py, and a test compares both. Restricted: a person is looked up by a signed card alone.
    if v_closed is not null or v_restricted is not null then
        select array_agg(case
                   when verdict[w.i] <> 'ok' then verdict[w.i]
                   when v_closed && w.within then 'refused:compartment'
                   when v_restricted && w.within and p_evidence[w.i] <> 'card' and p_purpose[w.i] <> 'record-check'
                   then 'refused:compartment-restricted'
                   else 'ok' end order by w.i)
        into verdict
        from (select g as i, array[
                  'hub', 'operator:' || p_operator[g], 'operator:' || st.operator, 'insurer:' || p_insurer[g],
                  'profession:' || st.profession, 'region:' || st.region,
                  'channel:' || case when cl.kind = 'account' then 'portal' when p_channel[g] = 'file' then 'files'
                                     else p_channel[g] end,
                  case when cl.kind = 'account' then cl.vendor end,
                  case when p_purpose[g] = 'authorization' then 'function:authorizations' end] as within
              from generate_series(1, n) g
              left join lateral (select x.kind, x.vendor from rempart.client x where x.client = p_client[g]) cl on true
              left join lateral (select x.operator, x.profession, x.region from rempart.site x
                                 where x.site = p_site[g]) st on true) w;
    end if;

    -- A copied card shows up everywhere: who was first met by a card at so many sites today is not at another. Counted
    -- by the person's day tag, so that a new card starts no new count; questions of one instant may pass it by a few.
    if 'card' = any (p_evidence) then
        select array_agg(case when v.sites >= p_card_sites then 'refused:card-velocity' else verdict[q.i] end
                         order by q.i)
        into verdict
        from generate_series(1, n) q(i)
        left join lateral (select count(distinct x.site) as sites from rempart.disclosure x
                           where p_evidence[q.i] = 'card' and verdict[q.i] = 'ok' and not known[q.i] and v_fresh[q.i]
                             and x.instant / 86400000000 = v_day and x.tag = p_tag[q.i]
                             and x.evidence = 'card' and x.template <> 'none'
                             and x.instant >= v_start and x.instant < v_start + c_day) v on true;
    end if;

    -- The first item of each pair of site and person, looked for only when a person repeats.
    if (select count(distinct t) from unnest(p_tag) t) < n then
        select array_agg(r.first order by r.i) into v_first
        from (select g as i, min(g) over (partition by p_site[g], p_tag[g]) as first from generate_series(1, n) g) r;
    end if;

    -- 3. Caps, item by item in the order of arrival, so that a cap of 380 lets exactly 380 people pass.
    -- Known people never count; a person seen today counts once; a repeat in this batch follows its first item.
    for i in 1..n loop
        s := v_capped + v_site_at[i];
        c := v_named + v_client_at[i];
        a := v_agent_at[i];
        if verdict[i] = 'ok' and not known[i] and v_fresh[i] then
            if v_first[i] < i then
                verdict[i] := verdict[v_first[i]];
            else
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
                    elsif a is not null
                          and (case p_evidence[i] when 'machine' then v_machine[a] else v_typed[a] end) + v_cost
                              > p_account_cap[i] then
                        verdict[i] := 'refused:client-budget';
                    elsif a is null and c is not null and v_typed[c] + v_machine[c] + v_cost > p_account_cap[i] then
                        verdict[i] := 'refused:client-budget';
                    elsif (v_hours_now + v_cost)::bigint * 100 > p_site_cap[i]::bigint * p_hour_share then
                        verdict[i] := 'refused:hour-budget';
                    else
                        if p_evidence[i] = 'machine' then
                            v_machine[s] := v_machine[s] + v_cost;
                            v_hour_machine[s] := v_hour_machine[s] + v_cost;
                            if c is not null then v_machine[c] := v_machine[c] + v_cost; end if;
                            if a is not null then v_machine[a] := v_machine[a] + v_cost; end if;
                        else
                            v_typed[s] := v_typed[s] + v_cost;
                            v_hour_typed[s] := v_hour_typed[s] + v_cost;
                            if c is not null then v_typed[c] := v_typed[c] + v_cost; end if;
                            if a is not null then v_typed[a] := v_typed[a] + v_cost; end if;
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
            if c is not null then v_changed[c] := true; end if;
            if a is not null then v_changed[a] := true; end if;
        end if;
    end loop;

    -- 4. The facts: counters, disclosures (refused ones too), first meetings, accreditations.
    -- The rows are ours since step 1, so they are where they were read.
    update rempart.budget b
    set typed = v_typed[k.i], machine = v_machine[k.i], invoice = v_invoice[k.i], hour = v_hour,
        hour_typed = v_hour_typed[k.i], hour_machine = v_hour_machine[k.i], refused = v_refused[k.i]
    from generate_series(1, v_many) k(i)
    where v_changed[k.i] and b.ctid = v_row[k.i];
    get diagnostics v_rows = row_count;
    if v_rows <> cardinality(array_positions(v_changed, true)) then
        raise exception 'a locked budget row was not where it was read';
    end if;

    insert into rempart.disclosure (instant, grant_id, account, client, site, operator, insurer, purpose, evidence,
                                    template, outcome, tag)
    select p_instant[u.i], p_grant[u.i], coalesce(p_account[u.i], ''), p_client[u.i], p_site[u.i], p_operator[u.i],
           p_insurer[u.i], p_purpose[u.i], case when known[u.i] then 'known' else p_evidence[u.i] end,
           case when verdict[u.i] <> 'ok' then 'none' when known[u.i] then p_template_known[u.i]
                else p_template[u.i] end,
           case when verdict[u.i] <> 'ok' then verdict[u.i] when known[u.i] then p_outcome_known[u.i]
                else p_outcome[u.i] end,
           p_tag[u.i]
    from generate_series(1, n) u(i);

    -- A meeting's dates are kept by spans of 32 days, and its row is not written again within one: with exact days, the
    -- transaction that wrote it last and the day it began would tie a person's visits to this site together.
    -- A meeting belongs to one site, whose budget row is locked: nobody else can have written it since step 2.
    insert into rempart.met (meeting, first_day, known_until)
    select p_meeting[u.i], v_day / 32 * 32, max(p_known_until[u.i])
    from generate_series(1, n) u(i)
    where p_meeting[u.i] is not null and verdict[u.i] = 'ok' and v_new[u.i]
    group by 1;
    if true = any (v_later) then
        update rempart.met m set known_until = e.known_until
        from (select p_meeting[u.i] as meeting, max(p_known_until[u.i]) as known_until
              from generate_series(1, n) u(i) where verdict[u.i] = 'ok' and v_later[u.i]
              group by 1 order by 1) e
        where m.meeting = e.meeting and m.known_until < e.known_until;
    end if;

    insert into rempart.accreditation (hash, mac, site, domains, first_day, last_day, instant)
    select p_accreditation[u.i], p_accreditation_mac[u.i], p_site[u.i], p_domains[u.i], p_first_day[u.i],
           p_last_day[u.i], p_instant[u.i]
    from generate_series(1, n) u(i)
    where p_accreditation[u.i] is not null and verdict[u.i] = 'ok';

    if '' <> any (p_reference) then
        insert into rempart.site_reference (site, reference, instant)
        select p_site[u.i], p_reference[u.i], p_instant[u.i] from generate_series(1, n) u(i)
        where p_reference[u.i] <> '';
    end if;
end $$;
