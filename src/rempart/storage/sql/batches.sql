-- Batches of questions: a whole appointment book asked at once, answered later. A chunk that lies here is a job; it goes in
-- the transaction that writes its disclosures and its answers, so that each of its questions is settled once.

create table rempart.batch (
    batch uuid primary key,
    client text not null,
    site text not null,
    grant_id bytea not null,
    received bigint not null,
    ready bigint not null,                     -- released then, whatever it holds; chosen when it came
    items int not null check (items between 1 and 2000),
    key_mac bytea not null,
    request_mac bytea not null,
    receipt bytea not null,                    -- as acknowledged: numbers and codes of what was refused at once
    state text not null default 'waiting' check (state in ('waiting', 'answered', 'expired')),
    rung boolean not null default false,       -- the alarm about its lateness was raised
    unique (client, key_mac)
);
create index batch_open on rempart.batch (ready) where state <> 'expired';

create table rempart.batch_chunk (
    batch uuid not null references rempart.batch,
    chunk int not null,
    numbers int[] not null,                    -- the site's own item numbers, to refuse them if it cannot be opened
    sealed bytea not null,                     -- the questions, to the keeper's box alone
    primary key (batch, chunk)
);

create table rempart.batch_answer (
    batch uuid not null references rempart.batch,
    number int not null check (number > 0),
    refusal text not null default '',
    sealed bytea,                              -- the answer, to this account and site alone; all of one length
    primary key (batch, number),
    check ((sealed is null) = (refusal <> ''))
);

-- Strangers asked about in batches. care:<site> by day of care, asked:<site> and client:<client> by day of asking.
-- Days are days since 1970. Only `answer_batch` locks, reads and writes it.
create table rempart.announced (
    scope text not null,
    day int not null,
    people int not null default 0,
    primary key (scope, day)
) with (fillfactor = 50);

-- The last instant given to a question of a batch: the id of its answer names it, and no two have the same.
create table rempart.batch_instant (
    singleton boolean primary key default true check (singleton),
    last bigint not null
);
insert into rempart.batch_instant (last) values (0);

-- Settles one chunk of a batch through `settle`, and writes its answers. -1 when the chunk was settled before, else how
-- many questions it answered. Strangers count here: `settle` is told to count nothing, and to refuse whom this refuses.
-- The locks come in one order for every caller: batch, announced rows by scope and day, then settle's own.
create function rempart.answer_batch(
    p_batch uuid, p_chunk int, p_now bigint, p_late_step bigint, p_refused_number int[], p_refused text[],
    p_care_cap int, p_asked_cap int, p_client_cap int, p_grant bytea,
    p_number int[], p_care_day int[], p_shown bytea[], p_shown_known bytea[],
    p_instant bigint[], p_operator text[], p_insurer text[], p_evidence text[],
    p_template text[], p_template_known text[], p_outcome text[], p_outcome_known text[],
    p_tag bytea[], p_meeting bytea[], p_cost int[],
    p_accreditation bytea[], p_accreditation_mac bytea[], p_domains int[], p_first_day int[], p_last_day int[],
    p_known_until int[], p_reference text[]
) returns int
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
set enable_material = off set enable_bitmapscan = off
as $$
declare
    c_uncapped constant int := 2147483647;
    c_day constant bigint := 86400000000;
    n constant int := coalesce(array_length(p_number, 1), 0);
    v_day constant int := (p_instant[1] / c_day)::int;
    b rempart.batch;
    v_scopes text[];
    v_days int[];
    v_many int;
    v_people int[];
    v_care_at int[];
    v_asked_at int;
    v_client_at int;
    v_counts boolean[];  -- a stranger, not seen today, the first of this person here
    v_cap int[];
    v_verdict text[];
    v_known boolean[];
    i int;
begin
    select * into b from rempart.batch x where x.batch = p_batch for update;
    delete from rempart.batch_chunk x where x.batch = p_batch and x.chunk = p_chunk;
    if not found then return -1; end if;

    insert into rempart.batch_answer (batch, number, refusal)
    select p_batch, p_refused_number[u.i], p_refused[u.i] from generate_series(1, cardinality(p_refused)) u(i);

    if n > 0 then
        select array_agg(k.scope order by k.scope collate "C", k.day), array_agg(k.day order by k.scope collate "C", k.day)
        into v_scopes, v_days
        from (select distinct 'care:' || b.site as scope, c.day from unnest(p_care_day) c(day)
              union all values ('asked:' || b.site, v_day), ('client:' || b.client, v_day)) k(scope, day);
        v_many := array_length(v_scopes, 1);
        insert into rempart.announced (scope, day)
        select v_scopes[k.i], v_days[k.i] from generate_series(1, v_many) k(i) order by k.i
        on conflict do nothing;
        v_people := array_fill(0, array[v_many]);
        for i in 1..v_many loop
            v_people[i] := (select a.people from rempart.announced a
                            where a.scope = v_scopes[i] and a.day = v_days[i] for update);
        end loop;
        v_asked_at := array_position(v_scopes, 'asked:' || b.site);
        v_client_at := array_position(v_scopes, 'client:' || b.client);
        select array_agg(array_position(v_days, p_care_day[u.i], array_position(v_scopes, 'care:' || b.site)) order by u.i)
        into v_care_at from generate_series(1, n) u(i);

        -- What `settle` will see of them, read under the locks above: knowing and having seen only ever grow.
        select array_agg(not coalesce(mt.known_until >= v_day, false) and d.seen is null and q.first = q.i order by q.i)
        into v_counts
        from (select g as i, min(g) over (partition by p_tag[g]) as first from generate_series(1, n) g) q
        left join lateral (select x.known_until from rempart.met x where x.meeting = p_meeting[q.i]) mt on true
        left join lateral (select true as seen from rempart.disclosure x
                           where x.instant / 86400000000 = v_day and x.tag = p_tag[q.i] and x.site = b.site
                             and x.template <> 'none'
                             and x.instant >= v_day * c_day and x.instant < (v_day + 1) * c_day limit 1) d on true;
        v_cap := array_fill(c_uncapped, array[n]);
        for i in 1..n loop
            if v_counts[i] then
                if v_people[v_care_at[i]] + p_cost[i] > p_care_cap or v_people[v_asked_at] + p_cost[i] > p_asked_cap
                   or v_people[v_client_at] + p_cost[i] > p_client_cap then
                    v_cap[i] := -1;
                    v_counts[i] := false;
                else
                    v_people[v_care_at[i]] := v_people[v_care_at[i]] + p_cost[i];
                    v_people[v_asked_at] := v_people[v_asked_at] + p_cost[i];
                    v_people[v_client_at] := v_people[v_client_at] + p_cost[i];
                end if;
            end if;
        end loop;

        select s.verdict, s.known into v_verdict, v_known from rempart.settle(
            p_instant, array_fill(null::bytea, array[n]), array_fill(p_grant, array[n]), array_fill(b.client, array[n]),
            array_fill(b.site, array[n]), p_operator, p_insurer, array_fill('api'::text, array[n]),
            array_fill('appointments'::text, array[n]), p_evidence, p_template, p_template_known, p_outcome,
            p_outcome_known, p_tag, p_meeting, array_fill(0, array[n]), v_cap, array_fill(c_uncapped, array[n]), 100,
            p_accreditation, p_accreditation_mac, p_domains, p_first_day, p_last_day, p_known_until, p_reference) s;

        -- Whom `settle` refused for another reason (a closed compartment, a suspended site) costs nothing.
        for i in 1..n loop
            if v_counts[i] and v_verdict[i] <> 'ok' then
                v_people[v_care_at[i]] := v_people[v_care_at[i]] - p_cost[i];
                v_people[v_asked_at] := v_people[v_asked_at] - p_cost[i];
                v_people[v_client_at] := v_people[v_client_at] - p_cost[i];
            end if;
        end loop;
        update rempart.announced a set people = v_people[k.i] from generate_series(1, v_many) k(i)
        where a.scope = v_scopes[k.i] and a.day = v_days[k.i];

        insert into rempart.batch_answer (batch, number, refusal, sealed)
        select p_batch, p_number[u.i],
               case v_verdict[u.i] when 'ok' then '' when 'refused:site-budget' then 'appointments-budget-spent'
                    else substr(v_verdict[u.i], 9) end,
               case when v_verdict[u.i] <> 'ok' then null when v_known[u.i] then p_shown_known[u.i]
                    else p_shown[u.i] end
        from generate_series(1, n) u(i);
    end if;

    -- A release that was missed comes at a later whole step, never at the moment the work was done.
    if not exists (select from rempart.batch_chunk x where x.batch = p_batch) then
        update rempart.batch x
        set state = 'answered',
            ready = case when p_now <= x.ready then x.ready
                         else x.ready + ((p_now - x.ready) / p_late_step + 1) * p_late_step end
        where x.batch = p_batch;
    end if;
    return n;
end $$;

revoke all on function rempart.answer_batch from public;
grant execute on function rempart.answer_batch to rempart_worker;

grant select on rempart.batch, rempart.batch_answer to rempart_hub;
grant insert on rempart.batch, rempart.batch_chunk, rempart.batch_answer to rempart_hub;
grant select on rempart.batch, rempart.batch_chunk, rempart.batch_answer, rempart.announced to rempart_worker;
grant update (state, rung) on rempart.batch to rempart_worker;
grant select, update (last) on rempart.batch_instant to rempart_worker;
grant delete on rempart.batch_answer, rempart.announced to rempart_worker;
