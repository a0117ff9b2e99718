-- A file that tells many invoices is signed for by who fetches it, and by a second person where it tells very many. The
-- keeper verified each signature before; `place` is a site's or an insurer's number. Facts, in order.
create table rempart.export_signature (
    signature bigint generated always as identity primary key,
    operator text not null,
    place text not null,
    what text not null check (what in ('remittance', 'settlement')),
    document uuid not null,
    invoices int not null check (invoices > 0),
    taker text not null references rempart.client,
    account text not null references rempart.client,
    role text not null,
    session bytea not null,
    approval bytea not null check (length(approval) > 16),
    instant bigint not null,
    until bigint not null check (until > instant)
);
create index export_signature_of on rempart.export_signature (place, operator, instant);
create trigger append_only before update or delete on rempart.export_signature
    for each row execute function rempart.refuse_change();
grant select, insert on rempart.export_signature to rempart_hub;
grant select on rempart.export_signature to rempart_worker, rempart_auditor;
