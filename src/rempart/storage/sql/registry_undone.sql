-- Undoes registry.sql.
alter table rempart.payment_due drop column owned;
drop table rempart.site_change_done, rempart.site_change;
drop table rempart.enrolment_ticket, rempart.enrolment_approval, rempart.enrolment_document, rempart.enrolment_event,
    rempart.enrolment;
drop function rempart.enrolment_steps;
drop table rempart.site_proposal_end, rempart.site_proposal, rempart.directory_staging, rempart.directory_place,
    rempart.directory_import;
