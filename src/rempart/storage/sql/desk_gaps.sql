-- What desks lacked: a yes to who joins, recoveries by an agent, the log for data protection, rejections for an insurer.

alter table rempart.desk_event
    drop constraint desk_event_what_check,
    drop constraint desk_event_kind_check,
    add constraint desk_event_what_check check (what in (
        'suspended', 'restored', 'invited', 'recovered', 'opened', 'agreed', 'refused', 'asked-again')),
    add constraint desk_event_kind_check check (kind in ('site', 'account', 'enrolment'));

-- ---- Who joins ----
-- A word said at a desk has the keeper's approval of what was signed; one of the command line's officers has none.
alter table rempart.enrolment_approval add column signed bytea;

-- Which documents of the operator's enrolments were agreed to, and by which account: '' for an officer of the command line.
create function rempart.desk_enrolment_words(p_operator text)
returns table (enrolment uuid, document int, account text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select a.enrolment, a.document, case when a.signed is null then '' else a.officer end
    from rempart.enrolment_approval a join rempart.enrolment e using (enrolment)
    where e.operator = p_operator order by a.instant
$$;

-- The document that waits, still sealed to the operator's own key, for an agent's browser; who fetched it is kept first.
create function rempart.desk_enrolment_document(p_account text, p_enrolment uuid, p_instant bigint)
returns table (number int, sealed bytea)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_operator text := rempart.desk_operator(p_account, array['agent']);
begin
    perform 1 from rempart.enrolment e where e.enrolment = p_enrolment and e.operator = v_operator;
    if not found then return; end if;
    insert into rempart.desk_event (operator, account, what, kind, of, instant)
    values (v_operator, p_account, 'opened', 'enrolment', p_enrolment::text, p_instant);
    return query select d.number, d.sealed from rempart.enrolment_document d
    where d.enrolment = p_enrolment order by d.number desc limit 1;
end $$;

-- The enrolment's last step, if it is one of this agent's operator's: its number and state.
create function rempart.desk_enrolment_now(p_operator text, p_enrolment uuid)
returns table (number int, state text) language sql stable set search_path = pg_catalog, pg_temp as $$
    select v.number, v.state from rempart.enrolment_event v join rempart.enrolment e using (enrolment)
    where v.enrolment = p_enrolment and e.operator = p_operator order by v.number desc limit 1
$$;

-- A yes: '' or purpose, not-found, not-awaiting (another document is there as well), officer-already-spoke. Two make
-- nothing by themselves: who finishes it asks the keeper whether both were signed.
create function rempart.desk_enrolment_agree(
    p_account text, p_enrolment uuid, p_document int, p_reached text, p_signed bytea, p_instant bigint)
returns text language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_operator text := rempart.desk_operator(p_account, array['agent']);
    v_now record;
begin
    if v_operator is null or coalesce(length(p_signed), 0) < 16 then return 'purpose'; end if;
    perform 1 from rempart.enrolment e where e.enrolment = p_enrolment and e.operator = v_operator for update;
    select * into v_now from rempart.desk_enrolment_now(v_operator, p_enrolment);
    if v_now.number is null then return 'not-found'; end if;
    if v_now.state <> 'awaiting' or v_now.number <> p_document then return 'not-awaiting'; end if;
    insert into rempart.enrolment_approval (enrolment, officer, called_back, document, instant, signed)
    values (p_enrolment, p_account, p_reached, p_document, p_instant, p_signed) on conflict do nothing;
    if not found then return 'officer-already-spoke'; end if;
    insert into rempart.desk_event (operator, account, what, kind, of, instant)
    values (v_operator, p_account, 'agreed', 'enrolment', p_enrolment::text, p_instant);
    return '';
end $$;

-- A no (`refused`), or another document is wanted (`documents`); one person is enough. '' or purpose, not-found,
-- not-awaiting.
create function rempart.desk_enrolment_answer(
    p_account text, p_enrolment uuid, p_state text, p_reason text, p_instant bigint)
returns text language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_operator text := rempart.desk_operator(p_account, array['agent']);
    v_now record;
begin
    if v_operator is null then return 'purpose'; end if;
    perform 1 from rempart.enrolment e where e.enrolment = p_enrolment and e.operator = v_operator for update;
    select * into v_now from rempart.desk_enrolment_now(v_operator, p_enrolment);
    if v_now.number is null then return 'not-found'; end if;
    if v_now.state <> 'awaiting' or p_state not in ('refused', 'documents') then return 'not-awaiting'; end if;
    begin
        insert into rempart.enrolment_event (enrolment, number, state, said_by, reason, instant)
        values (p_enrolment, v_now.number + 1, p_state, 'account:' || p_account, p_reason, p_instant);
    exception when check_violation or unique_violation then return 'not-awaiting';
    end;
    if p_state = 'refused' then delete from rempart.enrolment_document d where d.enrolment = p_enrolment; end if;
    insert into rempart.desk_event (operator, account, what, kind, of, instant)
    values (v_operator, p_account, case p_state when 'refused' then 'refused' else 'asked-again' end, 'enrolment',
            p_enrolment::text, p_instant);
    return '';
end $$;

-- ---- Recoveries ----
-- What the keeper did for an agent who signed it. '' or purpose, not-found.
create function rempart.desk_recovered(p_agent text, p_account text, p_instant bigint)
returns text language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_operator text := rempart.desk_operator(p_agent, array['agent']);
begin
    if v_operator is null then return 'purpose'; end if;
    perform 1 from rempart.account a where a.account = p_account and a.operator = v_operator;
    if not found then return 'not-found'; end if;
    insert into rempart.desk_event (operator, account, what, kind, of, instant)
    values (v_operator, p_agent, 'recovered', 'account', p_account, p_instant);
    return '';
end $$;

-- ---- The log, for security and data protection ----
alter table rempart.support_reading
    drop constraint support_reading_kind_check,
    add constraint support_reading_kind_check check (
        kind in ('question', 'invoice', 'authorization', 'log-counts', 'log-entry'));

-- How often people and programs of the operator's sites asked or read, by one of six things; `people` are different ones,
-- as far as day tags tell them apart: nobody in particular. Nothing for an account that may not.
create function rempart.desk_log_counts(
    p_account text, p_from bigint, p_to bigint, p_by text, p_site text, p_most int)
returns table (label text, kind text, looks bigint, people bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select case p_by
        when 'account' then d.client when 'site' then d.site when 'evidence' then d.evidence
        when 'outcome' then d.outcome when 'purpose' then d.purpose
        else to_char(to_timestamp(d.instant / 1000000.0) at time zone 'Europe/Paris', 'YYYY-MM-DD') end,
        case p_by when 'account' then coalesce(min(c.kind), '') else '' end, count(*), count(distinct d.tag)
    from rempart.disclosure d
    join rempart.site s on s.site = d.site
        and s.operator = (select rempart.desk_operator(p_account, array['security', 'data-protection']))
    left join rempart.client c on c.client = d.client
    where d.instant >= p_from and d.instant < p_to and (p_site = '' or d.site = p_site)
    group by 1 order by 3 desc, 1 limit p_most
$$;

-- One disclosure of a site of the operator by the instant its question names, without who it is about, and its leaf.
create function rempart.desk_log_entry(p_account text, p_at bigint)
returns table (client text, kind text, site text, insurer text, purpose text, evidence text, template text,
               outcome text, month int, number bigint, hash bytea)
language sql stable security definer set search_path = pg_catalog, pg_temp
set enable_bitmapscan = on set enable_seqscan = off as $$
    select d.client, coalesce(c.kind, ''), d.site, d.insurer, d.purpose, d.evidence, d.template, d.outcome,
           l.month, l.number, l.hash
    from rempart.disclosure d
    join rempart.site s on s.site = d.site
        and s.operator = (select rempart.desk_operator(p_account, array['security', 'data-protection']))
    left join rempart.client c on c.client = d.client
    left join rempart.leaf l on l.disclosure_id = d.id and l.tx = d.tx and l.instant = d.instant
    where d.instant = p_at and d.purpose not in ('invoice', 'reading') limit 1
$$;

-- ---- An insurer's rejected invoices ----
create index invoice_rejected on rempart.invoice (insurer, decided) where state = 'rejected';

revoke all on function rempart.desk_enrolment_words, rempart.desk_enrolment_document, rempart.desk_enrolment_now,
    rempart.desk_enrolment_agree, rempart.desk_enrolment_answer, rempart.desk_recovered, rempart.desk_log_counts,
    rempart.desk_log_entry from public;
grant execute on function rempart.desk_enrolment_words, rempart.desk_enrolment_document, rempart.desk_enrolment_agree,
    rempart.desk_enrolment_answer, rempart.desk_recovered, rempart.desk_log_counts, rempart.desk_log_entry
    to rempart_hub;
