-- Undoes desk_gaps.sql.
drop index rempart.invoice_rejected;
drop function rempart.desk_enrolment_words, rempart.desk_enrolment_document, rempart.desk_enrolment_agree,
    rempart.desk_enrolment_answer, rempart.desk_enrolment_now, rempart.desk_recovered, rempart.desk_log_counts,
    rempart.desk_log_entry;
alter table rempart.enrolment_approval drop column signed;
alter table rempart.support_reading disable trigger append_only;
delete from rempart.support_reading where kind in ('log-counts', 'log-entry');
alter table rempart.support_reading enable trigger append_only;
alter table rempart.support_reading
    drop constraint support_reading_kind_check,
    add constraint support_reading_kind_check check (kind in ('question', 'invoice', 'authorization'));
alter table rempart.desk_event disable trigger append_only;
delete from rempart.desk_event
where kind = 'enrolment' or what in ('recovered', 'opened', 'agreed', 'refused', 'asked-again');
alter table rempart.desk_event enable trigger append_only;
alter table rempart.desk_event
    drop constraint desk_event_what_check,
    drop constraint desk_event_kind_check,
    add constraint desk_event_what_check check (what in ('suspended', 'restored', 'invited')),
    add constraint desk_event_kind_check check (kind in ('site', 'account'));
