-- Payees, paying accounts, remittances and bank files. IBANs and names are sealed by the keeper: none is readable here.

create table rempart.payee (
    payee uuid primary key,
    site text not null references rempart.site,
    operator text not null,
    sealed_iban bytea not null,                -- name and IBAN, bound to the payee's id
    starts date not null,
    ends date not null default '9999-12-31',   -- included
    proposed_by text not null check (proposed_by <> ''),
    approved_by text not null check (approved_by <> '' and approved_by <> proposed_by),
    approved bigint not null,
    check (starts <= ends),
    unique (site, operator, starts)            -- the latest start that covers a day is who is paid
);

create table rempart.paying_account (
    reference text primary key check (reference ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
    operator text not null,
    insurer text not null default '',          -- '' : pays for every insurer of the operator that has none of its own
    name text not null check (name <> ''),     -- of a firm: the debtor on bank statements
    sealed_iban bytea not null,
    registered bigint not null,
    unique (operator, insurer)
);

create table rempart.payment_file (
    file uuid primary key,
    account text not null references rempart.paying_account,
    day date not null,
    batch int not null check (batch > 0),
    name text not null unique,
    reserved bigint not null,                  -- instant written in the file: the same bytes come out again
    clear_mac bytea,                           -- keyed fingerprint of the clear file
    sha256 bytea check (length(sha256) = 32),  -- of the file as handed over
    written bigint,
    unique (account, day, batch),
    check ((written is null) = (sha256 is null) and (written is null) = (clear_mac is null))
);

create table rempart.remittance (
    remittance uuid primary key,
    payee uuid not null references rempart.payee,
    site text not null,
    operator text not null,
    account text not null references rempart.paying_account,
    day date not null,
    amount bigint not null check (amount > 0),
    invoices int not null check (invoices > 0),
    end_to_end text not null unique check (length(end_to_end) between 1 and 35),
    file uuid not null references rempart.payment_file,
    reserved bigint not null,
    unique (payee, account, day)
);
create index remittance_of on rempart.remittance (site, day desc);
create index remittance_in on rempart.remittance (file);

create table rempart.remittance_line (
    remittance uuid not null references rempart.remittance,
    invoice uuid not null references rempart.invoice,
    amount bigint not null check (amount > 0),
    live boolean not null default true,        -- false once the remittance was released: the invoice is due again
    primary key (remittance, invoice)
);
create unique index remittance_line_once on rempart.remittance_line (invoice) where live;

-- How a remittance ended: settled or released, one row, never both.
create table rempart.remittance_end (
    remittance uuid primary key references rempart.remittance,
    outcome text not null check (outcome in ('settled', 'released')),
    cause text not null,
    instant bigint not null
);

-- What one run of the payer took, for as long as its transaction lasts; emptied by the next.
create unlogged table rempart.payment_due (
    invoice uuid not null,
    site text not null,
    operator text not null,
    insurer text not null,
    amount bigint not null
);

create index invoice_due on rempart.invoice (site, insurer) where state = 'accepted';

create trigger append_only before update or delete on rempart.remittance
    for each row execute function rempart.refuse_change();
create trigger append_only before update or delete on rempart.remittance_end
    for each row execute function rempart.refuse_change();
create trigger append_only before update or delete on rempart.payee
    for each row execute function rempart.refuse_change();
create trigger append_only before update or delete on rempart.paying_account
    for each row execute function rempart.refuse_change();

create trigger released before update on rempart.remittance_line
    for each row execute function rempart.line_released();
create trigger append_only before delete on rempart.remittance_line
    for each row execute function rempart.refuse_change();

revoke all on function rempart.cancel_invoice from public;
grant execute on function rempart.cancel_invoice to rempart_hub, rempart_worker;

grant select, insert on rempart.payee, rempart.paying_account, rempart.payment_file, rempart.remittance,
    rempart.remittance_line, rempart.remittance_end to rempart_worker;
grant select, insert, truncate on rempart.payment_due to rempart_worker;
grant update (clear_mac, sha256, written) on rempart.payment_file to rempart_worker;
grant update (live) on rempart.remittance_line to rempart_worker;
grant select on rempart.remittance, rempart.remittance_line, rempart.remittance_end to rempart_hub;
grant select (reference, operator, insurer, name) on rempart.paying_account to rempart_hub;
