-- What money.sql begins with, and what it goes back to when what came after the order is undone.

-- A line leaves its remittance only when that remittance was released, and never comes back.
create or replace function rempart.line_released() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if not old.live or new.live
       or row(new.remittance, new.invoice, new.amount) is distinct from row(old.remittance, old.invoice, old.amount)
       or not exists (select from rempart.remittance_end e where e.remittance = old.remittance and e.outcome = 'released')
    then raise exception 'remittance_line is append-only' using errcode = 'insufficient_privilege'; end if;
    return new;
end $$;

-- What stops a cancellation is the invoice's place in a remittance that was not released.
create or replace function rempart.cancel_invoice(p_invoice uuid, p_site text, p_instant bigint) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare found rempart.invoice;
begin
    select * into found from rempart.invoice i where i.invoice = p_invoice and i.site = p_site for update;
    if found.invoice is null then return 'not-found'; end if;
    if found.state not in ('accepted', 'held', 'waiting')
       or exists (select from rempart.remittance_line l where l.invoice = p_invoice and l.live) then
        return 'not-cancellable';
    end if;
    update rempart.invoice i set state = 'cancelled', reason = 'cancelled', live = false, content = null
    where i.invoice = p_invoice;
    insert into rempart.invoice_event (invoice, state, cause, instant) values (p_invoice, 'cancelled', 'site', p_instant);
    insert into rempart.transfer (debit, credit, amount, kind, subject, instant)
    select t.credit, t.debit, t.amount, 'cancellation', p_invoice, p_instant from rempart.transfer t
    where t.kind = 'decision' and t.subject = p_invoice;
    return 'cancelled';
end $$;
