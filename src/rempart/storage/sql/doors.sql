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

-- Where a site is: the two or three characters of its department. Null where nobody has said it: then no region holds it.
alter table rempart.site add column region text check (region ~ '^(0[1-9]|[1-8][0-9]|9[0-5]|2[AB]|97[1-8]|98[4-8])$');

-- What is told of a compartment while it is not open: two sentences (empty: the usual ones of its reason) and when it is
-- expected to open. Who did it last, an officer or a program.
alter table rempart.compartment
    add column reopens bigint,
    add column french text not null default '',
    add column english text not null default '',
    add column officer text not null default '';

-- Every change of state, whoever writes the statement: the table's own trigger writes it, and nobody else may.
create table rempart.compartment_event (
    event bigint generated always as identity primary key,
    compartment text not null,
    state text not null,
    reason text not null,
    reopens bigint,
    french text not null,
    english text not null,
    officer text not null,
    instant bigint not null
);
create index on rempart.compartment_event (compartment, event);
create trigger append_only before update or delete on rempart.compartment_event
    for each row execute function rempart.refuse_change();
create function rempart.record_compartment() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
begin
    if tg_op = 'INSERT' or new is distinct from old then
        insert into rempart.compartment_event (compartment, state, reason, reopens, french, english, officer, instant)
        values (new.compartment, new.state, new.reason, new.reopens, new.french, new.english, new.officer, new.changed);
    end if;
    return null;
end $$;
create trigger record_compartment after insert or update on rempart.compartment
    for each row execute function rempart.record_compartment();
revoke all on function rempart.record_compartment() from public;
grant select on rempart.compartment_event to rempart_worker;

-- A session lives as its token does; a renewal gives it a later grant, and perhaps another site of the same account.
grant update (site, grant_bytes, grant_id, expires) on rempart.token to rempart_hub;
grant select, insert on rempart.account to rempart_worker;
