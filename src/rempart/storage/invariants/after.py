"""Invariants of insurers' funds, of their calls, and of claw-backs."""

from __future__ import annotations

from rempart.storage.invariants._told import Connection, told


def funds_stay_within_their_ceiling(connection: Connection, since: int = 0) -> list[str]:
    """No insurer's funds went further below zero than the highest ceiling it ever had."""
    return told(
        connection,
        """with touched as (
               select debit as account from rempart.transfer where instant >= %(since)s and debit like 'funds:%%'),
           moved as (
               select account, sum(amount) as balance from (
                   select credit as account, amount from rempart.transfer where credit in (select account from touched)
                   union all
                   select debit, -amount from rempart.transfer where debit in (select account from touched)) m
               group by account),
           allowed as (
               select 'funds:' || operator || ':' || insurer as account, max(ceiling) as ceiling
               from rempart.funding_terms group by 1)
           select 'funds are ' || -m.balance - coalesce(a.ceiling, 0) || ' cents beyond their ceiling'
           from moved m left join allowed a using (account)
           where m.balance < -coalesce(a.ceiling, 0) limit %(most)s""",
        since,
    )


def funds_hold_what_came_in(connection: Connection, since: int = 0) -> list[str]:
    """Each movement into funds is a call that was paid or a deposit, to the cent, and each of those moved."""
    return told(
        connection,
        """with came as (
               select c.fund_call as subject, c.amount from rempart.fund_call c
               join rempart.fund_call_end e using (fund_call)
               where e.outcome = 'received' and e.instant >= %(since)s
               union all select deposit, amount from rempart.fund_deposit where instant >= %(since)s),
           moved as (
               select subject, amount from rempart.transfer where kind = 'fund' and instant >= %(since)s)
           select 'funds ' || coalesce(c.subject, m.subject) || ': came in '
                  || coalesce(c.amount, 0) || ', moved ' || coalesce(m.amount, 0) || ' cents'
           from came c full join moved m using (subject)
           where c.amount is distinct from m.amount limit %(most)s""",
        since,
    )


def calls_equal_what_was_decided(connection: Connection, since: int = 0) -> list[str]:
    """A call asks, to the cent, for the movements it holds, and no movement is in two living calls."""
    return [
        *told(
            connection,
            """select 'call ' || c.fund_call || ' asks ' || c.amount || ' for ' || coalesce(x.amount, 0) || ' cents'
               from rempart.fund_call c
               left join lateral (
                   select sum(case when t.debit = 'owed:' || c.operator || ':' || c.insurer then t.amount
                                   when t.credit = 'owed:' || c.operator || ':' || c.insurer then -t.amount
                              end) as amount,
                          count(*) as movements
                   from rempart.fund_call_line l join rempart.transfer t using (transfer)
                   where l.fund_call = c.fund_call) x on true
               where c.called >= %(since)s
                 and (x.amount, x.movements) is distinct from (c.amount::numeric, c.movements::bigint)
               limit %(most)s""",
            since,
        ),
        *told(
            connection,
            """with touched as materialized (
                   select distinct x.transfer from rempart.fund_call_line x join rempart.fund_call c using (fund_call)
                   where c.called >= %(since)s)
               select 'movement ' || l.transfer || ' is in ' || count(*) || ' calls'
               from touched join rempart.fund_call_line l using (transfer)
               where l.live
               group by l.transfer having count(*) > 1 limit %(most)s""",
            since,
        ),
    ]


def claw_backs_take_no_more_than_was_paid(connection: Connection, since: int = 0) -> list[str]:
    """Claims on an invoice stay within what its insurer paid; deductions within the claim, and `recovered` says so."""
    return [
        *told(
            connection,
            """select 'invoice ' || i.invoice || ' is claimed back beyond what was paid'
               from rempart.invoice i join (
                   select invoice, sum(amount) as amount from rempart.claw_back where state <> 'withdrawn'
                   group by invoice having max(instant) >= %(since)s) c using (invoice)
               where c.amount > i.amc limit %(most)s""",
            since,
        ),
        *told(
            connection,
            """with touched as materialized (
                   select claw_back from rempart.claw_back_event where instant >= %(since)s
                   union select claw_back from rempart.claw_back where %(since)s = 0)
               select 'claw-back ' || c.claw_back || ' is ' || c.state || ' with ' || d.amount || ' of ' || c.amount
                      || ' cents left'
               from touched join rempart.claw_back c using (claw_back)
               cross join lateral (select rempart.debt_left(c.claw_back) as amount) d
               left join (
                   select distinct claw_back from rempart.debt_write_off
                   join rempart.debt_write_off_approval using (write_off)) f on f.claw_back = c.claw_back
               where (d.amount < 0 or (c.state in ('recovered', 'written-off')) <> (d.amount = 0)
                      or (c.state not in ('due', 'recovered', 'written-off') and d.amount < c.amount)
                      or (c.state = 'written-off') <> (f.claw_back is not null) and c.state <> 'due')
               limit %(most)s""",
            since,
        ),
    ]


def debts_are_what_is_left(connection: Connection, since: int = 0) -> list[str]:
    """What a site's account owes, and what insurers' accounts are owed, is what is left of the claims that stand."""
    return told(
        connection,
        """with touched as (
               select debit as account from rempart.transfer
               where instant >= %(since)s and (debit like 'debt:%%' or debit like 'recoverable:%%')
               union select credit from rempart.transfer
               where instant >= %(since)s and (credit like 'debt:%%' or credit like 'recoverable:%%')),
           moved as (
               select account, sum(amount) as balance from (
                   select credit as account, amount from rempart.transfer where credit in (select account from touched)
                   union all
                   select debit, -amount from rempart.transfer where debit in (select account from touched)) m
               group by account),
           looked as (
               select account from touched
               union select s.account from rempart.claw_back c
               cross join lateral (values ('debt:' || c.operator || ':' || c.site),
                                          ('recoverable:' || c.operator || ':' || c.insurer)) s(account)
               where %(since)s = 0),
           stands as (
               select s.account, sum(s.amount) as amount from rempart.claw_back c
               cross join lateral (values
                   ('debt:' || c.operator || ':' || c.site, -rempart.debt_left(c.claw_back)),
                   ('recoverable:' || c.operator || ':' || c.insurer, rempart.debt_left(c.claw_back))
               ) s(account, amount)
               where c.state = 'due' and s.account in (select account from looked)
               group by s.account)
           select case when coalesce(m.account, s.account) like 'debt:%%' then 'a site''s debt'
                       else 'what sites owe an insurer' end
                  || ' differs from its claims by ' || coalesce(m.balance, 0) - coalesce(s.amount, 0) || ' cents'
           from moved m full join stands s using (account)
           where coalesce(m.balance, 0) <> coalesce(s.amount, 0) limit %(most)s""",
        since,
    )


def penalties_are_posted_or_paid(connection: Connection, since: int = 0) -> list[str]:
    """What a site may claim for late payment is what was posted less what lies in living remittances, each once."""
    return told(
        connection,
        """with touched as (
               select debit as account from rempart.transfer where instant >= %(since)s and debit like 'penalty:%%'
               union select credit from rempart.transfer where instant >= %(since)s and credit like 'penalty:%%'),
           moved as (
               select account, sum(amount) as balance from (
                   select credit as account, amount from rempart.transfer where credit in (select account from touched)
                   union all
                   select debit, -amount from rempart.transfer where debit in (select account from touched)) m
               group by account),
           waits as (
               select 'penalty:' || p.operator || ':' || p.site as account, sum(p.amount) as amount
               from rempart.delay_penalty p
               where not exists (select from rempart.remittance_penalty x where x.penalty = p.penalty and x.live)
               group by 1)
           select 'a site''s penalties differ by ' || coalesce(m.balance, 0) - coalesce(w.amount, 0) || ' cents'
           from moved m full join waits w using (account)
           where (m.account is not null or %(since)s = 0) and coalesce(m.balance, 0) <> coalesce(w.amount, 0)
           limit %(most)s""",
        since,
    )
