-- Undoes doors.sql.
revoke select (operator, insurer, starts, target_days) on rempart.delay_terms from rempart_hub;
drop function rempart.site_questions, rempart.site_question_counts, rempart.site_bank_details;
drop index rempart.mandate_site, rempart.site_reference_at, rempart.disclosure_of_site;
drop index rempart.invoice_of_site;
drop trigger record_compartment on rempart.compartment;
drop function rempart.record_compartment;
drop table rempart.compartment_event;
alter table rempart.compartment drop column reopens, drop column french, drop column english, drop column officer;
alter table rempart.site drop column region;
revoke update (site, grant_bytes, grant_id, expires) on rempart.token from rempart_hub;
drop index rempart.token_of_account;
alter table rempart.token drop column role, drop column probation, drop column session, drop column passkey,
    drop column began, drop column renewed, drop column device;
drop table rempart.account;
delete from rempart.token where client in (select client from rempart.client where kind = 'account');
delete from rempart.mandate where client in (select client from rempart.client where kind = 'account');
delete from rempart.client where kind = 'account';
alter table rempart.client drop constraint client_kind_check;
alter table rempart.client add constraint client_kind_check
    check (kind in ('site', 'vendor', 'concentrator', 'insurer'));
