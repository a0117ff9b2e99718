-- Keys of browsers that sign the receipts of card checks made without network. A program signs with its own key.
create table rempart.receipt_key (
    site text not null references rempart.site,
    key bytea not null check (length(key) = 16),         -- of SHA-256 of the point
    point bytea not null check (length(point) = 65),     -- P-256, uncompressed
    account text not null references rempart.client,     -- who enrolled it
    made bigint not null,
    ended bigint,
    primary key (site, key)
);
grant select, insert, update (ended) on rempart.receipt_key to rempart_hub;
grant select on rempart.receipt_key to rempart_worker;
