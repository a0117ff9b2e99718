-- Undoes locums.sql.
drop function rempart.delegate_site, rempart.end_delegations, rempart.federate_account;
delete from rempart.mandate where client in (select account from rempart.account where federated);
delete from rempart.account where federated;
alter table rempart.account drop column federated;
delete from rempart.mandate where delegated_by is not null;
alter table rempart.mandate drop column delegated_by, drop column accountable;
