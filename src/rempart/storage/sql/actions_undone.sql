-- Undoes actions.sql.
drop function rempart.program_mandated, rempart.end_program_mandates, rempart.tell_mandates_ending;
drop table rempart.program_mandate;
drop function rempart.propose_bank_details, rempart.approve_bank_details, rempart.cancel_bank_details,
    rempart.open_bank_details, rempart.paid_bank_details, rempart.tell_bank_details, rempart.account_elsewhere;
alter table rempart.bank_change_approval drop column signed;
alter table rempart.bank_change drop column signed, drop column ending;
