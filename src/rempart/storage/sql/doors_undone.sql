-- Undoes doors.sql.
drop trigger record_compartment on rempart.compartment;
drop function rempart.record_compartment;
drop table rempart.compartment_event;
alter table rempart.compartment drop column reopens, drop column french, drop column english, drop column officer;
alter table rempart.site drop column region;
revoke update (site, grant_bytes, grant_id, expires) on rempart.token from rempart_hub;
drop table rempart.account;
delete from rempart.token where client in (select client from rempart.client where kind = 'account');
delete from rempart.mandate where client in (select client from rempart.client where kind = 'account');
delete from rempart.client where kind = 'account';
alter table rempart.client drop constraint client_kind_check;
alter table rempart.client add constraint client_kind_check
    check (kind in ('site', 'vendor', 'concentrator', 'insurer'));
