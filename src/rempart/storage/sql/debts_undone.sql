drop trigger moves on rempart.claw_back_event;
drop trigger moves on rempart.remittance_deduction;
drop table rempart.settlement_reply_taken, rempart.settlement_reply, rempart.settlement_content,
    rempart.remittance_penalty, rempart.debt_step, rempart.debt_write_off_approval, rempart.debt_write_off,
    rempart.debt_payment;
drop function rempart.claim_moves(), rempart.deduction_moves(), rempart.payment_moves(), rempart.write_off_moves(),
    rempart.write_off_within(), rempart.payout_released(), rempart.payout_moves(), rempart.give_back_claimed,
    rempart.move_debt;
create or replace function rempart.deduction_within() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare claim rempart.claw_back; taken bigint;
begin
    select * into claim from rempart.claw_back c where c.claw_back = new.claw_back for update;
    select coalesce(sum(d.amount), 0) into taken from rempart.remittance_deduction d
    where d.claw_back = new.claw_back and d.live;
    if claim.state <> 'due' or taken + new.amount > claim.amount then
        raise exception 'more than is due' using errcode = 'check_violation', constraint = 'deduction_within';
    end if;
    return new;
end $$;
drop function rempart.debt_left;
alter table rempart.remittance drop constraint remittance_pays, drop column penalties;
alter table rempart.remittance add constraint remittance_invoices_check check (invoices > 0);
alter table rempart.payment_due drop column penalty;
alter table rempart.delay_penalty drop column charged_to;
alter table rempart.delay_terms drop column charged_to;
revoke update (instalment) on rempart.claw_back from rempart_worker;
alter table rempart.claw_back drop constraint claw_back_state_check;
alter table rempart.claw_back add constraint claw_back_state_check
    check (state in ('notified', 'disputed', 'due', 'recovered', 'withdrawn'));
revoke select on rempart.delay_penalty, rempart.settlement_file, rempart.settlement_answer, rempart.fund_call
    from rempart_hub;
