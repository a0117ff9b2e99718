"""The statements of loading. `{new}` is the table of the generation that comes, `{live}` of the one that answers."""

from __future__ import annotations

STANDING = """
select i.member_rule, i.sequence, i.generations,
    (select g.key_version from rempart.generation g where g.generation = i.generations[1]),
    i.standing,
    (select f.rights_file from rempart.rights_file f where f.insurer = i.insurer and f.state = 'quarantined')
from rempart.insurer i where i.insurer = %s
"""

KNOWN = """
select rights_file, state from rempart.rights_file
where insurer = %s and digest = %s and state in ('applied', 'quarantined')
order by rights_file desc limit 1
"""

MARK = """
insert into rempart.rights_mark (generation, closed, person)
select %s, m.closed, m.person from unnest(%s::int[], %s::bytea[]) m(closed, person)
"""

REMEMBER = """
insert into rempart.rights_file
    (insurer, kind, sequence, digest, created, received, decided, generation, state, code, over_limit, report)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning rights_file
"""

WAITING = """
select f.rights_file, f.insurer, f.kind, f.sequence, f.generation, f.over_limit, g.key_version, f.created, f.digest
from rempart.rights_file f join rempart.generation g on g.generation = f.generation
where f.rights_file = %s and f.state = 'quarantined' for update of f
"""

VOICE = """
insert into rempart.rights_release (rights_file, officer, verdict, instant) values (%s, %s, %s, %s)
on conflict (rights_file, officer) do nothing
"""

WORDS = """
select officer, signed from rempart.rights_release where rights_file = %s and verdict = 'release'
order by instant, officer
"""

UNPROVEN = """
insert into rempart.alarm (instant, code, counts, context)
select %(instant)s, %(code)s, %(counts)s, %(context)s where not exists (
    select from rempart.alarm a
    where a.code = %(code)s and a.counts = %(counts)s::jsonb and a.context = %(context)s::jsonb)
"""

AGREED = """
select f.rights_file from rempart.rights_file f where f.state = 'quarantined' and (
    select count(*) from rempart.rights_release r where r.rights_file = f.rights_file and r.verdict = 'release') >= 2
order by f.rights_file
"""

# The first line of the file keeps a canonical identity; a COPY fills its table in the order of the file.
DROP_COLLISIONS = """
with named as (
    select ctid as place, person, record_key,
        first_value(person) over same as kept, row_number() over same as turn
    from {new}
    window same as (partition by record_key order by ctid)
), told as (
    insert into rempart.rights_mark (generation, closed, person)
    select %s, -1, kept || person from named where turn > 1 and kept <> person
)
delete from {new} n using named where n.ctid = named.place and named.turn > 1
"""

# A mark with closed = -1 is a pair of persons in collision, until the file has its number.
TELL_COLLISIONS = """
with gone as (
    delete from rempart.rights_mark where generation = %(generation)s and closed = -1 returning person
)
insert into rempart.rights_collision (rights_file, kept, dropped)
select distinct %(file)s::bigint, substr(person, 1, 16), substr(person, 17, 16) from gone
"""

CARRY_OVER = """
insert into {new} (way, formula, since, until, closed, person, record_key, payload)
select o.way, o.formula, o.since, o.until,
    case when k.person is null then coalesce(o.closed, %(day)s) else o.closed end, o.person, o.record_key, o.payload
from {live} o
left join (
    select distinct person from rempart.rights_mark where generation = %(generation)s and closed is null
) k on k.person = o.person
where (o.closed is null or o.closed >= %(forget)s)
    and not exists (select from {new} n where n.record_key = o.record_key)
"""

# A person counts by the usual way of presenting. Open: every domain of the person's is open in that month.
WEIGH = """
with o as (select person, formula, since, until from {live} where way = 0 and closed is null),
    n as (select person, formula, since, until from {new} where way = 0 and closed is null),
    m as (select distinct person from rempart.rights_mark where generation = %(generation)s and closed >= 0),
    both_ as (
        select o.person is not null as had, n.person is not null as has, m.person is not null as ended,
            coalesce(%(month)s between o.since and o.until, false) as was_open,
            coalesce(%(month)s between n.since and n.until, false) as is_open,
            n.until < o.until as shorter, n.until > o.until as longer, n.formula <> o.formula as other
        from o full join n on n.person = o.person left join m on m.person = o.person
    )
select count(*) filter (where was_open),
    count(*) filter (where has and not had),
    count(*) filter (where was_open and (ended or (%(full)s and not has) or (has and (shorter or not is_open)))),
    count(*) filter (where had and has and other),
    count(*) filter (where had and has and longer)
from both_
"""

KEEP_REPLACED = """
insert into rempart.record_replaced (insurer, key_version, replaced, closed, record_key, person, payload)
select n.insurer, n.key_version, %(instant)s, o.closed, n.record_key, o.person, o.payload
from {new} n left join {live} o on o.record_key = n.record_key
where o.record_key is null or o.person <> n.person or o.payload <> n.payload or o.closed is distinct from n.closed
"""

# Under a new index key nothing can be compared: what the old key finds is closed, but for marked persons.
KEEP_TAIL = """
insert into rempart.record_replaced (insurer, key_version, replaced, closed, record_key, person, payload)
select o.insurer, o.key_version, %(instant)s, o.closed, o.record_key, o.person, o.payload
from {live} o where o.closed is null
"""

CLOSE_TAIL = """
update {live} o set closed = %(day)s where o.closed is null and not exists (
    select from rempart.rights_mark k
    where k.generation = %(generation)s and k.closed is null and k.person = o.person)
"""

# In a delta, whoever holds an identity keeps it, unless the delta speaks of that person too or it was closed.
DELTA_COLLISIONS = """
with kept as (
    select s.ctid as place, o.person as kept, s.person as dropped
    from {new} s join {live} o on o.record_key = s.record_key
    where o.person <> s.person and o.closed is null
        and not exists (select from {new} t where t.person = o.person)
        and not exists (select from rempart.rights_mark m
            where m.generation = %(generation)s and m.closed >= 0 and m.person = o.person)
), told as (
    insert into rempart.rights_collision (rights_file, kept, dropped)
    select distinct %(file)s::bigint, kept, dropped from kept
)
delete from {new} s using kept where s.ctid = kept.place
"""

_MERGE_UNDO = """
insert into rempart.record_replaced (insurer, key_version, replaced, closed, record_key, person, payload)
select o.insurer, o.key_version, %(instant)s, o.closed, o.record_key, o.person, o.payload
from {live} o
left join {new} s on s.record_key = o.record_key
left join (select distinct person from {new}) p on p.person = o.person
left join (
    select person, min(closed) as closed from rempart.rights_mark
    where generation = %(generation)s and closed >= 0 group by person
) m on m.person = o.person
where case when s.record_key is not null
        then o.person <> s.person or o.payload <> s.payload or o.closed is not null
    when p.person is not null then o.closed is null
    else o.closed is null and m.person is not null or o.closed > m.closed end
union all
select s.insurer, s.key_version, %(instant)s, null, s.record_key, null, null
from {new} s where not exists (select from {live} o where o.record_key = s.record_key)
"""

_MERGE_UPDATE = """
update {live} o set way = s.way, formula = s.formula, since = s.since, until = s.until, closed = null,
    person = s.person, payload = s.payload
from {new} s
where o.record_key = s.record_key and (o.person <> s.person or o.payload <> s.payload or o.closed is not null
    or o.way <> s.way)
"""

_MERGE_LEFT_OUT = """
update {live} o set closed = %(day)s
from (select distinct person from {new}) p
where o.person = p.person and o.closed is null and not exists (select from {new} s where s.record_key = o.record_key)
"""

_MERGE_CLOSE = """
update {live} o set closed = m.closed
from (
    select person, min(closed) as closed from rempart.rights_mark
    where generation = %(generation)s and closed >= 0 group by person
) m
where o.person = m.person and (o.closed is null or o.closed > m.closed)
    and not exists (select from {new} s where s.record_key = o.record_key)
"""

_MERGE_INSERT = """
insert into {live} (way, formula, since, until, person, record_key, payload)
select s.way, s.formula, s.since, s.until, s.person, s.record_key, s.payload
from {new} s where not exists (select from {live} o where o.record_key = s.record_key)
"""

MERGE = (_MERGE_UNDO, _MERGE_UPDATE, _MERGE_LEFT_OUT, _MERGE_CLOSE, _MERGE_INSERT)
"""A delta's way into the live records, in order: what is replaced is kept, then rows change, close, and come."""

ENDED = """
select generation from rempart.generation
where state in ('superseded', 'refused', 'merged') order by generation
"""

# `ended` of a tail is when it became one.
END_TAILS = """
with old as (
    select generation, insurer from rempart.generation where state = 'tail' and ended < %(before)s
), shorter as (
    update rempart.insurer i set generations = array(
        select g from unnest(i.generations) with ordinality w(g, place)
        where g not in (select generation from old) order by place)
    where i.insurer in (select insurer from old)
)
update rempart.generation set state = 'superseded' where generation in (select generation from old)
"""
