-- The disclosure log (docs/formats/disclosure-log.md). Months are year * 12 + month - 1, cut in UTC; month 0 is the log of months.
-- leaf, tile and checkpoint have one partition a month, so that an expired month goes as a whole.

create table rempart.leaf (
    month int not null,
    number bigint not null,                    -- from 0, without gaps
    disclosure_id bigint not null,
    instant bigint not null,                   -- of the disclosure: where it is partitioned
    tx xid8 not null,                          -- of the disclosure: with its id, the order of folding
    salt bytea not null check (length(salt) = 16),
    hash bytea not null check (length(hash) = 32),
    primary key (month, number)
) partition by list (month);
create unique index leaf_once on rempart.leaf (disclosure_id, tx, month);  -- no row is folded twice, whatever happens

-- Full tiles of 256 hashes, as c2sp.org/tlog-tiles lays them out; a partial tile is read from the level below.
create table rempart.tile (
    month int not null,
    level int not null,
    index bigint not null,
    hashes bytea not null check (length(hashes) = 8192),
    root bytea not null check (length(root) = 32),      -- of these hashes: one hash of the tile above
    primary key (month, level, index)
) partition by list (month);

create table rempart.checkpoint (
    month int not null,
    size bigint not null,
    root bytea not null,
    note bytea not null,                       -- the signed C2SP checkpoint
    instant bigint not null,
    primary key (month, size)
) partition by list (month);
create table rempart.checkpoint_0 partition of rempart.checkpoint for values in (0);

-- The folder's place: the last row it folded, and the number of whoever folds now.
create table rempart.log_folder (
    single boolean primary key default true check (single),
    fencing bigint not null default 0,
    tx xid8 not null default '0',
    id bigint not null default 0
);
insert into rempart.log_folder default values;

create table rempart.log_state (
    month int primary key,
    size bigint not null default 0
);

create table rempart.log_of_months (
    place int primary key,                     -- from 0, without gaps: the leaf number in the log of months
    month int not null unique,
    size bigint not null,
    root bytea not null,
    note bytea not null,                       -- the month's final checkpoint
    instant bigint not null
);

-- The order of folding; rows arrive in this order, so it grows at its right edge.
create index disclosure_folding on rempart.disclosure (tx, id);

create trigger append_only before update or delete on rempart.leaf
    for each row execute function rempart.refuse_change();
create trigger append_only before update or delete on rempart.tile
    for each row execute function rempart.refuse_change();
create trigger append_only before update or delete on rempart.checkpoint
    for each row execute function rempart.refuse_change();
create trigger append_only before update or delete on rempart.log_of_months
    for each row execute function rempart.refuse_change();

-- Idempotent: the folder calls it when it meets a month.
create function rempart.ensure_log_month(month int) returns void language plpgsql security definer
set search_path = pg_catalog, pg_temp set client_min_messages = warning as $$
declare
    name text;
    part text;
begin
    foreach name in array array['leaf', 'tile', 'checkpoint'] loop
        part := 'rempart.' || name || '_' || month;
        if to_regclass(part) is null then
            -- Attached rather than created in place: that waits for no reader.
            execute 'create table ' || part || ' (like rempart.' || name || ' including all)';
            execute 'alter table rempart.' || name || ' attach partition ' || part || ' for values in (' || month || ')';
        end if;
    end loop;
end $$;

-- Drops what a closed month holds, its disclosures included; returns '' or why not. Its line in log_of_months stays.
create function rempart.drop_log_month(gone int) returns text language plpgsql
set search_path = pg_catalog, pg_temp set client_min_messages = warning as $$
declare
    name text;
begin
    if not exists (select from rempart.log_of_months where month = gone) then
        return 'month-not-closed';
    end if;
    if to_regclass('rempart.leaf_' || gone) is null then
        return '';
    end if;
    if exists (
        select from rempart.disclosure d
        where d.instant >= rempart.month_start(gone) and d.instant < rempart.month_start(gone + 1)
          and not exists (select from rempart.leaf l where l.month = gone and l.disclosure_id = d.id and l.tx = d.tx)
    ) then
        return 'rows-in-another-tree';
    end if;
    foreach name in array array['leaf', 'tile', 'checkpoint', 'disclosure'] loop
        execute 'drop table if exists rempart.' || name || '_' || gone;
    end loop;
    return '';
end $$;

revoke all on function rempart.ensure_log_month(int), rempart.drop_log_month(int) from public;
grant execute on function rempart.ensure_log_month(int) to rempart_worker;

grant select on rempart.leaf, rempart.tile, rempart.checkpoint, rempart.log_folder, rempart.log_state, rempart.log_of_months
    to rempart_worker, rempart_auditor;
grant insert on rempart.leaf, rempart.tile, rempart.checkpoint, rempart.log_state, rempart.log_of_months to rempart_worker;
grant update (size) on rempart.log_state to rempart_worker;
grant update (fencing, tx, id) on rempart.log_folder to rempart_worker;

-- The hub shows proofs, tiles and checkpoints to anybody; it has no use for salts.
grant select on rempart.tile, rempart.checkpoint, rempart.log_state, rempart.log_of_months to rempart_hub;
grant select (month, number, hash) on rempart.leaf to rempart_hub;
