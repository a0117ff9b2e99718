-- Undoes recovered.sql. Notices stay: they were told.
drop function rempart.account_recovered;
revoke update (watched) on rempart.token from rempart_hub;
alter table rempart.token drop column watched;
