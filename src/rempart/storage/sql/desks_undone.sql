-- Undoes desks.sql. Accounts of desks stay as clients, which sign in nowhere.
revoke select (insurer, invited) on rempart.account from rempart_hub;
drop function rempart.desk_history, rempart.desk_open, rempart.desk_shut, rempart.desk_invited, rempart.desk_standing,
    rempart.of_desk, rempart.desk_operator;
drop trigger forget_desk_suspension on rempart.client;
drop trigger forget_desk_suspension on rempart.site;
drop function rempart.forget_desk_suspension;
drop table rempart.desk_suspension, rempart.desk_event;
alter table rempart.token drop column insurer;
delete from rempart.account where role not in ('professional', 'staff', 'manager');
alter table rempart.account drop constraint account_desk, drop constraint account_role_check, drop column insurer;
alter table rempart.account add constraint account_role_check check (role in ('professional', 'staff', 'manager'));
