-- The doors: people who sign in. An account is a client of its own kind; the sites it works at are its mandates, dated.
-- Passkeys and invitations are the keeper's alone: nothing here lets anybody sign in.

alter table rempart.client drop constraint client_kind_check;
alter table rempart.client add constraint client_kind_check
    check (kind in ('site', 'vendor', 'concentrator', 'insurer', 'account'));

create table rempart.account (
    account text primary key references rempart.client,
    operator text not null,                    -- whose portal it signs in at
    role text not null check (role in ('professional', 'staff', 'manager')),
    invited bigint not null
);

-- A session lives as its token does; a renewal gives it a later grant, and perhaps another site of the same account.
grant update (site, grant_bytes, grant_id, expires) on rempart.token to rempart_hub;
grant select, insert on rempart.account to rempart_worker;
