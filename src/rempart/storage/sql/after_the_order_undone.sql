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
drop table rempart.remittance_return;
drop function rempart.call_line_released(), rempart.deduction_released(), rempart.claw_back_within(),
    rempart.deduction_within(), rempart.payee_waited();
alter table rempart.remittance_end drop column reason, drop column day;
alter table rempart.remittance drop column deducted;
alter table rempart.payment_due drop column decided;
