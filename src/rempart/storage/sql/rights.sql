-- Sealed rights: records by generation, how they came, who released them, what they replaced.
-- A generation is one full file's records; a delta is staged as a generation of its own and merged into the live one.
-- Instants are bigint microseconds UTC, days since 1970, months since 2000-01.

alter table rempart.insurer
    add column prolonged_from int,             -- day on which the file in quarantine came in
    add column prolonged_until int;            -- day until which rights open on that day are still honoured

-- `since`, `until`, `formula` and `way` are what weighing compares without opening a record; docs/decisions/0002-weighing.md
-- says what they tell a thief.
create table rempart.record (
    generation int not null,
    key_version smallint not null,
    way smallint not null,                     -- 0 for a person's usual way of presenting, then 1, 2, …
    formula bigint not null,                   -- keyed MAC of products, domains and formulas, without dates
    since smallint not null,                   -- month from which every domain is open
    until smallint not null,                   -- last month in which every domain is open
    closed int,                                -- day from which the insurer's files no longer hold it
    insurer text not null,
    person bytea not null check (length(person) = 16),
    record_key bytea not null check (length(record_key) = 16),
    payload bytea not null
) partition by list (generation);

create table rempart.generation (
    generation int generated always as identity primary key,
    insurer text not null references rempart.insurer,
    kind text not null check (kind in ('full', 'delta')),
    key_version smallint not null,
    state text not null default 'building'
        check (state in ('building', 'quarantined', 'live', 'tail', 'merged', 'superseded', 'refused', 'dropped')),
    created bigint not null,
    applied bigint,                            -- when it began to answer
    ended bigint                               -- when it ceased to
);
create index generation_of on rempart.generation (insurer, state);

create table rempart.rights_file (
    rights_file bigint generated always as identity primary key,
    insurer text not null references rempart.insurer,
    kind text not null check (kind in ('full', 'delta')),
    sequence bigint not null,
    digest bytea not null,                     -- SHA-256 of the signed header line, which names every chunk of the body
    created bigint not null,                   -- by the insurer
    received bigint not null,
    decided bigint,
    generation int references rempart.generation,
    state text not null check (state in ('applied', 'quarantined', 'refused')),
    code text not null default '',
    over_limit text[] not null default '{}',   -- kinds of change that two people must agree to
    report jsonb not null default '{}'         -- counts, and bad lines by line, field and code: never a value
);
-- A file counts once; so does a sequence number, but for a restore, which is an older file taken again.
create unique index rights_file_waiting on rempart.rights_file (insurer) where state = 'quarantined';
create index rights_file_of on rempart.rights_file (insurer, sequence);

create table rempart.rights_release (
    rights_file bigint not null references rempart.rights_file,
    officer text not null check (officer <> '' and officer = lower(btrim(officer))),
    verdict text not null check (verdict in ('release', 'refuse')),
    instant bigint not null,
    primary key (rights_file, officer)         -- one person has one voice
);

-- What a record was before a file changed it, so that "what did we answer that day" stays answerable: the state at an
-- instant is the earliest row here replaced after it, else the live record. `payload` null: it was not there.
create table rempart.record_replaced (
    insurer text not null,
    key_version smallint not null,
    replaced bigint not null,
    closed int,
    record_key bytea not null,
    person bytea,
    payload bytea
);
create index record_replaced_of on rempart.record_replaced (record_key, replaced);
create index record_replaced_at on rempart.record_replaced using brin (replaced);

-- Persons a file names without giving a record: kept as they were (a rejected line), or closed from a day on (a delta).
create table rempart.rights_mark (
    generation int not null,
    closed int,                                -- null: kept as they were
    person bytea not null
);
create index rights_mark_of on rempart.rights_mark (generation);

-- Two people under one canonical identity: who kept it and who does not get it.
create table rempart.rights_collision (
    rights_file bigint not null,
    kept bytea not null,
    dropped bytea not null
);
create index rights_collision_of on rempart.rights_collision (rights_file);

-- The insurer's reference of each person, under batch keys that only the insurer can unwrap. It outlives the record.
create table rempart.reference_batch (
    batch bigint primary key,
    insurer text not null references rempart.insurer,
    wrapped bytea not null,
    created bigint not null
);
create table rempart.member_ref (
    batch bigint not null,
    insurer text not null,
    person bytea not null,
    sealed_ref bytea not null
) partition by list (insurer);

-- Guards that hold whoever writes the statement.
create function rempart.guard_rights_file() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare voices int;
begin
    if tg_op = 'UPDATE' and ((new.over_limit, new.insurer, new.digest, new.sequence, new.generation)
        is distinct from (old.over_limit, old.insurer, old.digest, old.sequence, old.generation)
        or old.state <> 'quarantined') then
        raise exception 'a rights file is decided once and never rewritten' using errcode = 'insufficient_privilege';
    end if;
    if new.state = 'applied' and new.over_limit <> '{}' then
        select count(*) into voices from rempart.rights_release r
        where r.rights_file = new.rights_file and r.verdict = 'release';
        if voices < 2 then
            raise exception 'a quarantined rights file is released by two different people'
                using errcode = 'check_violation', constraint = 'rights_file_two_people';
        end if;
    end if;
    return new;
end $$;
create trigger guard_rights_file before insert or update on rempart.rights_file
    for each row execute function rempart.guard_rights_file();

create function rempart.guard_generation() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if new.state in ('live', 'merged') and old.state in ('building', 'quarantined') and not exists (
        select from rempart.rights_file f where f.generation = new.generation and f.state = 'applied') then
        raise exception 'generation % belongs to no applied file', new.generation
            using errcode = 'check_violation', constraint = 'generation_applied';
    end if;
    if new.state in ('live', 'tail', 'merged') and old.state in ('refused', 'superseded', 'dropped') then
        raise exception 'generation % has ended', new.generation using errcode = 'check_violation';
    end if;
    return new;
end $$;
create trigger guard_generation before update on rempart.generation
    for each row execute function rempart.guard_generation();

create function rempart.guard_insurer_generations() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if new.generations is distinct from old.generations and exists (
        select from unnest(new.generations) with ordinality w(generation, place)
        left join rempart.generation g on g.generation = w.generation and g.insurer = new.insurer
            and g.state = case w.place when 1 then 'live' else 'tail' end
        where g.generation is null) then
        raise exception 'only generations of applied files answer'
            using errcode = 'check_violation', constraint = 'insurer_generations_applied';
    end if;
    return new;
end $$;
create trigger guard_insurer_generations before update on rempart.insurer
    for each row execute function rempart.guard_insurer_generations();

create trigger append_only before update or delete on rempart.rights_release
    for each row execute function rempart.refuse_change();

-- Tables are made by the owner, on the worker's behalf. Each function makes names from numbers only.
create function rempart.make_generation(p_insurer text, p_kind text, p_version int, p_instant bigint) returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare made int;
begin
    insert into rempart.generation (insurer, kind, key_version, created)
    values (p_insurer, p_kind, p_version, p_instant) returning generation into made;
    execute format('create table rempart.record_%s (like rempart.record including constraints including storage, '
        'constraint record_%s_generation check (generation = %s))', made, made, made);
    execute format('alter table rempart.record_%s alter generation set default %s, alter key_version set default %s, '
        'alter insurer set default %L', made, made, p_version, p_insurer);
    execute format('grant select, insert, update, delete on rempart.record_%s to rempart_worker', made);
    return made;
end $$;

create function rempart.index_generation(p_generation int) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    execute format('create unique index record_%s_key on rempart.record_%s (record_key)', p_generation, p_generation);
end $$;

create function rempart.analyze_generation(p_generation int) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    execute format('analyze rempart.record_%s', p_generation);
end $$;

create function rempart.attach_generation(p_generation int) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    execute format('alter table rempart.record attach partition rempart.record_%s for values in (%s)',
        p_generation, p_generation);
end $$;

-- Short, and gives up rather than let the hub's questions wait behind it: the caller sets lock_timeout.
create function rempart.drop_generation(p_generation int) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    update rempart.generation set state = 'dropped'
    where generation = p_generation and state in ('superseded', 'refused', 'merged');
    if not found then
        raise exception 'generation % still answers', p_generation using errcode = 'check_violation';
    end if;
    execute format('drop table rempart.record_%s', p_generation);
end $$;

-- True when the table is new: then it is filled first and indexed after.
create function rempart.make_references(p_insurer text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if p_insurer !~ '^[0-9]{10}$' then
        raise exception 'not an insurer' using errcode = 'check_violation';
    end if;
    if to_regclass(format('rempart.member_ref_%s', p_insurer)) is not null then
        return false;
    end if;
    execute format('create table rempart.member_ref_%s (like rempart.member_ref, '
        'constraint member_ref_%s_insurer check (insurer = %L))', p_insurer, p_insurer, p_insurer);
    execute format('alter table rempart.member_ref_%s alter insurer set default %L', p_insurer, p_insurer);
    execute format('grant select, insert, delete on rempart.member_ref_%s to rempart_worker', p_insurer);
    return true;
end $$;

create function rempart.finish_references(p_insurer text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    begin
        execute format('alter table rempart.member_ref_%s add primary key (person)', p_insurer);
    exception when unique_violation then       -- a file that names one reference on two lines
        execute format('delete from rempart.member_ref_%s a using rempart.member_ref_%s b '
            'where a.person = b.person and a.ctid > b.ctid', p_insurer, p_insurer);
        execute format('alter table rempart.member_ref_%s add primary key (person)', p_insurer);
    end;
    execute format('alter table rempart.member_ref attach partition rempart.member_ref_%s for values in (%L)',
        p_insurer, p_insurer);
end $$;

-- Persons already referred to keep their first reference: it names the same person in every file.
create function rempart.make_reference_staging(p_insurer text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if p_insurer !~ '^[0-9]{10}$' then
        raise exception 'not an insurer' using errcode = 'check_violation';
    end if;
    execute format('create table rempart.member_ref_new_%s (like rempart.member_ref)', p_insurer);
    execute format('alter table rempart.member_ref_new_%s alter insurer set default %L', p_insurer, p_insurer);
    execute format('grant insert on rempart.member_ref_new_%s to rempart_worker', p_insurer);
end $$;

create function rempart.merge_references(p_insurer text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if p_insurer !~ '^[0-9]{10}$' then
        raise exception 'not an insurer' using errcode = 'check_violation';
    end if;
    execute format('insert into rempart.member_ref_%s (batch, insurer, person, sealed_ref) '
        'select batch, insurer, person, sealed_ref from rempart.member_ref_new_%s on conflict (person) do nothing',
        p_insurer, p_insurer);
    execute format('drop table rempart.member_ref_new_%s', p_insurer);
end $$;

-- The hub reads what its one statement needs; the worker does the rest, and never rewrites where an insurer stands by itself.
grant select (generation, record_key, key_version, person, payload, closed) on rempart.record to rempart_hub;
grant select on rempart.record, rempart.generation, rempart.rights_file, rempart.rights_release,
    rempart.record_replaced, rempart.rights_mark, rempart.rights_collision, rempart.reference_batch, rempart.member_ref
    to rempart_worker;
grant insert, update, delete on rempart.record to rempart_worker;
grant insert on rempart.rights_file, rempart.rights_release, rempart.record_replaced, rempart.rights_mark,
    rempart.rights_collision, rempart.reference_batch, rempart.member_ref to rempart_worker;
grant update (state, applied, ended) on rempart.generation to rempart_worker;
grant update (state, code, decided) on rempart.rights_file to rempart_worker;
grant delete on rempart.rights_mark, rempart.record_replaced, rempart.rights_collision to rempart_worker;
revoke all on function rempart.make_generation, rempart.index_generation, rempart.analyze_generation,
    rempart.attach_generation, rempart.drop_generation, rempart.make_references, rempart.finish_references,
    rempart.make_reference_staging, rempart.merge_references from public;
grant execute on function rempart.make_generation, rempart.index_generation, rempart.analyze_generation,
    rempart.attach_generation, rempart.drop_generation, rempart.make_references, rempart.finish_references,
    rempart.make_reference_staging, rempart.merge_references
    to rempart_worker;
