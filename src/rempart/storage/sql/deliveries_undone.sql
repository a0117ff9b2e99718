-- Undoes deliveries.sql; fails while an authorization is partly invoiced.
drop function rempart.resume_webhook;
revoke select (webhook, site, url, state, reason, attempts, next_try, added) on rempart.webhook from rempart_hub;
drop table rempart.webhook_event;
drop index rempart.invoice_site_reference, rempart.invoice_own, rempart.authorization_request_own;
alter table rempart.invoice drop column own;
alter table rempart.authorization_request drop column own;
create or replace function rempart.cancel_invoice(p_invoice uuid, p_site text, p_instant bigint) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare outcome text;
begin
    perform rempart.lock_counters(array(select distinct e.counter from rempart.counter_entry e
                                        where e.invoice = p_invoice));
    outcome := rempart.cancel_invoice_alone(p_invoice, p_site, p_instant);
    if outcome in ('cancelled', 'taken-back') then perform rempart.give_back(p_invoice, p_instant); end if;
    return outcome;
end $$;
create or replace function rempart.release_stray_holds(p_before bigint, p_instant bigint) returns int
language sql security definer set search_path = pg_catalog, pg_temp as $$
    select coalesce(sum(rempart.release_counters(s.request, null, p_instant)), 0)::int
    from (select e.request from rempart.counter_entry e where e.request is not null
          group by e.request
          having sum(case e.kind when 'hold' then e.amount else -e.amount end) > 0 and max(e.instant) < p_before) s
    left join rempart.authorization_request r using (request)
    where r.request is null or r.state <> 'agreed'
$$;
drop function rempart.part_given_back, rempart.draw_counters, rempart.hold_agreed, rempart.holds_of,
    rempart.lock_agreement;
drop trigger holds_nothing on rempart.authorization_request;
drop function rempart.authorization_holds_nothing;
create or replace function rempart.authorization_stays() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if old.state in ('refused', 'modified', 'cancelled', 'expired')
       or old.state = 'invoiced' and new.state <> 'invoiced'
       or old.state <> 'pending' and row(new.mac, new.site, new.insurer, new.lines, new.amc, new.first_day, new.latest_day)
          is distinct from row(old.mac, old.site, old.insurer, old.lines, old.amc, old.first_day, old.latest_day)
    then raise exception 'an authorization that ended stays' using errcode = 'insufficient_privilege'; end if;
    return new;
end $$;
drop table rempart.authorization_hold, rempart.authorization_part;
drop index rempart.authorization_request_ends;
create index authorization_request_ends on rempart.authorization_request (latest_day) where state in ('agreed', 'pending');
alter table rempart.authorization_request drop constraint authorization_request_state_check;
alter table rempart.authorization_request add constraint authorization_request_state_check
    check (state in ('requested', 'pending', 'agreed', 'refused', 'modified', 'cancelled', 'expired', 'invoiced'));
