"""Counters equal the sum of their entries; what ended counts nothing."""

from __future__ import annotations

from rempart.storage.invariants._told import Connection, told


def counters_equal_their_entries(connection: Connection, since: int = 0) -> list[str]:
    """Totals are their entries' sums; an invoice that ended spends nothing, an authorization that did holds nothing."""
    return [
        *told(
            connection,
            """with touched as materialized (
                   select counter from rempart.counter_entry where instant >= %(since)s
                   union select counter from rempart.counter where %(since)s = 0)
               select 'counter ' || encode(c.counter, 'hex') || ' says ' || c.used || ' used, ' || c.held || ' held; '
                      || 'its entries make ' || coalesce(e.used, 0) || ' and ' || coalesce(e.held, 0)
               from touched join rempart.counter c using (counter)
               left join lateral (
                   select sum(case x.kind when 'spend' then x.amount
                                          when 'give-back' then -x.amount else 0 end) as used,
                          sum(case x.kind when 'hold' then x.amount
                                          when 'release' then -x.amount else 0 end) as held
                   from rempart.counter_entry x where x.counter = c.counter) e on true
               where (c.used, c.held) is distinct from (coalesce(e.used, 0)::bigint, coalesce(e.held, 0)::bigint)
               limit %(most)s""",
            since,
        ),
        *told(
            connection,
            """select 'invoice ' || i.invoice || ' ended and still counts ' || e.amount
               from (select invoice, sum(case kind when 'spend' then amount else -amount end) as amount
                     from rempart.counter_entry where invoice is not null
                     group by invoice having %(since)s = 0 or max(instant) >= %(since)s) e
               join rempart.invoice i using (invoice)
               where e.amount <> 0 and not i.live and i.state <> 'paid' limit %(most)s""",
            since,
        ),
        *told(
            connection,
            """select 'authorization ' || r.request || ' is ' || r.state || ' and still holds ' || e.amount
               from (select request, sum(case kind when 'hold' then amount else -amount end) as amount
                     from rempart.counter_entry where request is not null
                     group by request having %(since)s = 0 or max(instant) >= %(since)s) e
               join rempart.authorization_request r using (request)
               where e.amount <> 0 and r.state not in ('agreed', 'partly-invoiced', 'requested') limit %(most)s""",
            since,
        ),
        *_taken_back(connection, since),
    ]


def _taken_back(connection: Connection, since: int) -> list[str]:
    """What was claimed back of an invoice was given back to its allowance, in proportion."""
    return told(
        connection,
        """with touched as materialized (
               select x.invoice from rempart.claw_back x join rempart.claw_back_event v using (claw_back)
               where v.instant >= %(since)s
               union select invoice from rempart.claw_back where %(since)s = 0)
           select 'invoice ' || c.invoice || ' was taken back and its allowance was not'
           from touched join (select invoice, sum(amount) as amount from rempart.claw_back
                 where state in ('due', 'recovered', 'written-off') group by invoice) c using (invoice)
           join rempart.invoice i using (invoice)
           join lateral (
               select sum(e.amount) filter (where e.kind = 'spend') as spent,
                      sum(e.amount) filter (where e.kind = 'give-back') as given
               from rempart.counter_entry e where e.invoice = c.invoice and e.kind in ('spend', 'give-back')
               group by e.counter, e.day) e on true
           where i.amc > 0
             and coalesce(e.given, 0) < floor(e.spent * least(c.amount, i.amc) / i.amc) limit %(most)s""",
        since,
    )
