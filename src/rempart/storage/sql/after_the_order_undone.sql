drop function rempart.dispute_claw_back;
drop trigger waited on rempart.payee;
drop index rempart.payee_iban, rempart.transfer_instant, rempart.decision_instant, rempart.invoice_event_instant;
alter table rempart.payee drop column iban_index;
drop table rempart.delay_penalty, rempart.delay_terms, rempart.bank_change_end, rempart.bank_change_approval,
    rempart.bank_change, rempart.remittance_deduction, rempart.claw_back_event, rempart.claw_back,
    rempart.bank_entry_resolved, rempart.bank_entry, rempart.bank_statement, rempart.fund_deposit,
    rempart.fund_call_end, rempart.fund_call_line, rempart.fund_call, rempart.fund_file, rempart.funding_mandate,
    rempart.funding_terms, rempart.remittance_part,
    rempart.payment_waiting, rempart.site_notice_sent, rempart.site_notice;
create or replace function rempart.line_released() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if not old.live or new.live
       or row(new.remittance, new.invoice, new.amount) is distinct from row(old.remittance, old.invoice, old.amount)
       or not exists (select from rempart.remittance_end e where e.remittance = old.remittance and e.outcome = 'released')
    then raise exception 'remittance_line is append-only' using errcode = 'insufficient_privilege'; end if;
    return new;
end $$;
drop table rempart.remittance_return;
drop function rempart.call_line_released(), rempart.deduction_released(), rempart.claw_back_within(),
    rempart.deduction_within(), rempart.payee_waited();
alter table rempart.remittance_end drop column reason, drop column day;
alter table rempart.remittance drop column deducted;
alter table rempart.payment_due drop column decided;
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
