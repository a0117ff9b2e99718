-- A large file shared by several workers: its parts, who holds each and until when.

-- A row lives from the moment its file is cut until the last part is decided. Claiming raises `fence`; whoever holds an
-- older one may not write any more. Instants are the workers' own clocks in microseconds UTC.
create table rempart.inbound_part (
    inbound uuid not null references rempart.inbound,
    part int not null,                         -- in the order of the file
    chunk int not null,                        -- of rempart.inbox, in which its first lot begins
    skip int not null,                         -- bytes of that chunk before it
    record int not null,                       -- number of its first record
    lot int not null,                          -- place of its first lot
    modes bytea not null,                      -- a byte a lot; none for the part that ends a file: what all others left
    later int[] not null default '{}',         -- records of invoices that are left to that last part
    fence int not null default 0,
    until bigint not null default 0,           -- end of the lease
    report bytea,                              -- once it is decided: what is told of it besides its invoices
    primary key (inbound, part)
) with (fillfactor = 50);
grant select, insert, update, delete on rempart.inbound_part to rempart_worker;

-- A call for funds names its transfers by number, and a settlement file tells of each invoice which remittance paid it:
-- without these every file would read the whole ledger, once for each of its invoices.
create unique index transfer_number on rempart.transfer (transfer);
create index remittance_line_invoice on rempart.remittance_line (invoice);
