-- The registry: public directories of places, what they propose about our sites, how sites change, who asks to join.

create table rempart.directory_import (
    import bigint generated always as identity primary key,
    directory text not null check (directory in ('annuaire', 'finess')),
    as_of date not null,
    sha256 bytea not null check (length(sha256) = 32),
    lines bigint not null,
    faults bigint not null,
    listed bigint not null,
    opened bigint not null,
    closed bigint not null,
    moved bigint not null,
    altered bigint not null,
    said_by text not null check (said_by <> ''),
    instant bigint not null,
    unique (directory, as_of)
);

-- A place as a directory listed it, from the first file that did to the day before the first that did not. No person, no
-- name: numbers, a commune, a category.
create table rempart.directory_place (
    directory text not null check (directory in ('annuaire', 'finess')),
    place text not null check (length(place) in (9, 14)),
    starts date not null,
    ends date not null default '9999-12-31',
    siret text not null default '',
    commune text not null default '',
    category text not null default '',
    primary key (directory, place, starts),
    check (starts <= ends)
);
create index directory_place_now on rempart.directory_place (place) where ends = '9999-12-31';
create index directory_siret_now on rempart.directory_place (siret) where ends = '9999-12-31' and siret <> '';

-- A file's lines, for as long as the import's transaction lasts.
create unlogged table rempart.directory_staging (
    place text not null,
    siret text not null,
    commune text not null,
    category text not null
);

create table rempart.site_proposal (
    proposal bigint generated always as identity primary key,
    site text not null references rempart.site,
    import bigint not null references rempart.directory_import,
    place text not null,
    what text not null check (what in ('closed', 'moved')),
    proposed bigint not null
);
create index site_proposal_of on rempart.site_proposal (site);
create table rempart.site_proposal_end (
    proposal bigint primary key references rempart.site_proposal,
    outcome text not null check (outcome in ('confirmed', 'dismissed', 'withdrawn')),
    said_by text not null check (said_by <> ''),
    because text not null default '',
    instant bigint not null
);

create trigger append_only before update or delete on rempart.directory_import
    for each row execute function rempart.refuse_change();
create trigger append_only before update or delete on rempart.site_proposal
    for each row execute function rempart.refuse_change();
create trigger append_only before update or delete on rempart.site_proposal_end
    for each row execute function rempart.refuse_change();

grant select, insert on rempart.directory_import, rempart.directory_place, rempart.site_proposal,
    rempart.site_proposal_end to rempart_worker;
grant update (ends) on rempart.directory_place to rempart_worker;
grant select, insert, truncate on rempart.directory_staging to rempart_worker;
grant select on rempart.directory_place to rempart_hub;

-- ---- Who asks to join ----

-- A professional whom Pro Santé Connect vouched for, and who has no account here: the keeper's name of that person at that
-- operator, 16 bytes that say nothing without its key; the place that was chosen. No name, no account number.
create table rempart.enrolment (
    enrolment uuid primary key,
    operator text not null,
    person bytea not null check (length(person) = 16),
    site text not null check (length(site) = 9),
    finess text not null default '',
    profession text not null default '',       -- ANS TRE_G15, as the provider told it
    mode text not null default '',
    listed text not null check (listed in ('listed', 'unlisted', 'none-imported', 'no-finess')),
    asked bigint not null,
    expires bigint not null check (expires > asked)
);
create index enrolment_of on rempart.enrolment (operator, person);

create table rempart.enrolment_event (
    enrolment uuid not null references rempart.enrolment,
    number int not null check (number > 0),
    state text not null check (state in ('asked', 'documents', 'awaiting', 'approved', 'refused', 'withdrawn', 'expired')),
    said_by text not null check (said_by <> ''),
    reason text not null default '',
    instant bigint not null,
    primary key (enrolment, number)
);

-- The bank document and the account number, sealed to the operator's own key; deleted once the enrolment has ended.
create table rempart.enrolment_document (
    enrolment uuid not null references rempart.enrolment,
    number int not null,                       -- of the event that sent it
    sealed bytea not null check (length(sealed) between 100 and 4194304),
    instant bigint not null,
    primary key (enrolment, number)
);

create table rempart.enrolment_approval (
    enrolment uuid not null references rempart.enrolment,
    officer text not null check (officer <> ''),
    called_back text not null check (called_back <> ''),
    because text not null default '',
    document int not null,                     -- the event of the document that was seen: another one needs another word
    instant bigint not null,
    primary key (enrolment, officer, document)
);

-- What a browser holds between its sign-in at the provider and the end of its form, by a hash; with the places told then.
create table rempart.enrolment_ticket (
    hash bytea primary key check (length(hash) = 32),
    operator text not null,
    person bytea not null check (length(person) = 16),
    binding text not null,
    places jsonb not null,
    expires bigint not null
);

-- The steps that there are, one after the other; an approval needs two officers who saw the document that is there.
create function rempart.enrolment_steps() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    ends bigint;
    before text;
    latest int;
    seen int;
begin
    select e.expires into ends from rempart.enrolment e where e.enrolment = new.enrolment;
    select v.state, v.number into before, latest from rempart.enrolment_event v
    where v.enrolment = new.enrolment order by v.number desc limit 1;
    if new.number <> coalesce(latest, 0) + 1 or (coalesce(before, ''), new.state) not in (
        ('', 'asked'), ('asked', 'awaiting'), ('documents', 'awaiting'), ('awaiting', 'documents'),
        ('awaiting', 'approved'), ('awaiting', 'refused'),
        ('asked', 'withdrawn'), ('documents', 'withdrawn'), ('awaiting', 'withdrawn'),
        ('asked', 'expired'), ('documents', 'expired'), ('awaiting', 'expired'))
       or (new.state = 'expired') <> (new.instant >= ends)
    then
        raise exception 'no such step' using errcode = 'check_violation', constraint = 'enrolment_steps';
    end if;
    if new.state = 'awaiting' and not exists (
        select from rempart.enrolment_document d where d.enrolment = new.enrolment and d.number = new.number)
    then
        raise exception 'no document' using errcode = 'check_violation', constraint = 'enrolment_steps';
    end if;
    if new.state = 'approved' then
        select max(v.number) into seen from rempart.enrolment_event v
        where v.enrolment = new.enrolment and v.state = 'awaiting';
        if (select count(*) from rempart.enrolment_approval a
            where a.enrolment = new.enrolment and a.document = seen) < 2
        then
            raise exception 'two officers approve' using errcode = 'check_violation', constraint = 'enrolment_steps';
        end if;
    end if;
    return new;
end $$;
create trigger steps before insert on rempart.enrolment_event for each row execute function rempart.enrolment_steps();

create trigger append_only before update or delete on rempart.enrolment
    for each row execute function rempart.refuse_change();
create trigger append_only before update or delete on rempart.enrolment_event
    for each row execute function rempart.refuse_change();
create trigger append_only before update or delete on rempart.enrolment_approval
    for each row execute function rempart.refuse_change();

-- The hub writes a document, and reads it again for an agent alone (desk_enrolment_document); it approves nothing.
grant select, insert on rempart.enrolment, rempart.enrolment_event, rempart.enrolment_ticket to rempart_hub;
grant insert on rempart.enrolment_document to rempart_hub;
grant select (enrolment, number) on rempart.enrolment_document to rempart_hub;
grant select, insert on rempart.enrolment_event, rempart.enrolment_approval to rempart_worker;
grant select on rempart.enrolment, rempart.enrolment_document, rempart.enrolment_ticket to rempart_worker;
grant delete on rempart.enrolment_document, rempart.enrolment_ticket to rempart_worker;

-- ---- How a site changes, by day ----

-- From that civil day at the site: another owner, the end, a suspension. Care before a change of owner is its old owner's.
create table rempart.site_change (
    change bigint generated always as identity primary key,
    site text not null references rempart.site,
    what text not null check (what in ('owner', 'closed', 'suspended')),
    day date not null,
    officer text not null check (officer <> ''),
    because text not null default '',
    said bigint not null,
    unique (site, what, day)
);
create index site_owner on rempart.site_change (site, day) where what = 'owner';
-- What was done on the day itself: standing, and the end of the site's own programs. Mandates end by their own date.
create table rempart.site_change_done (
    change bigint primary key references rempart.site_change,
    instant bigint not null
);
create trigger append_only before update or delete on rempart.site_change
    for each row execute function rempart.refuse_change();
create trigger append_only before update or delete on rempart.site_change_done
    for each row execute function rempart.refuse_change();
grant select, insert on rempart.site_change, rempart.site_change_done to rempart_worker;

-- The day since which the owner of an invoice's care is the owner; null: there was no other owner before.
alter table rempart.payment_due add column owned date;
