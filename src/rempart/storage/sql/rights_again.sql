-- What waits for rights that open later: invoices that were rejected for their rights, and the loads that may open them.

-- A wait names an invoice and an insurer, no person and no record: whom it is about is sealed for the keeper's box, and
-- two waits about one person have nothing in common. It is gone after 90 days, or once the invoice was sent again.
create table rempart.invoice_wait (
    invoice uuid primary key references rempart.invoice,
    insurer text not null references rempart.insurer,
    since bigint not null,
    sealed bytea not null
);
create index invoice_wait_of on rempart.invoice_wait (insurer, invoice);
create index invoice_wait_since on rempart.invoice_wait (since);

-- A load that was applied: its insurer's waits are to be looked at. The row is the job; `reached` says how far it came.
create table rempart.rights_again (
    insurer text primary key references rempart.insurer,
    rights_file bigint not null,               -- the newest that was applied
    since bigint not null,
    reached uuid,                              -- the last wait that was looked at, in the order of invoices
    turn int not null default 0                -- counts what makes the look begin anew
);

-- What became of a load's look, to be seen afterwards.
create table rempart.rights_again_done (
    insurer text not null,
    rights_file bigint not null,
    instant bigint not null,
    looked int not null,
    reopened int not null,
    dropped int not null
);
create index rights_again_done_of on rempart.rights_again_done (rights_file);
create trigger append_only before update or delete on rempart.rights_again_done
    for each row execute function rempart.refuse_change();

grant select, insert, delete on rempart.invoice_wait to rempart_worker;
grant update (sealed) on rempart.invoice_wait to rempart_worker;
grant select, insert, update, delete on rempart.rights_again to rempart_worker;
grant select, insert on rempart.rights_again_done to rempart_worker;
