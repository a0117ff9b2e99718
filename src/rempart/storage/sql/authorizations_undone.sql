alter table rempart.client drop constraint client_kind_check;
delete from rempart.client_key where client in (select client from rempart.client where kind = 'insurer');
delete from rempart.client where kind = 'insurer';
alter table rempart.client add constraint client_kind_check check (kind in ('site', 'vendor', 'concentrator'));
drop function rempart.sealed_reference;
drop table rempart.webhook, rempart.authorization_decision, rempart.authorization_sealed, rempart.authorization_event,
    rempart.authorization_request;
drop function rempart.authorization_stays(), rempart.authorization_unsealed();
