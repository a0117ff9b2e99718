"""The names of the ledger's accounts. A transfer moves cents from its debit account to its credit account.

`owed:<operator>:<insurer>`  what an insurer owes for decided invoices (grows on debit)
`due:<operator>:<site>`      what a site is to be paid
`reserved:<remittance>`      ordered at the bank, not yet confirmed
`bank:<operator>:<account>`  left the paying account
`funds:<operator>:<insurer>` what an insurer put at its operator's disposal; below zero as far as its ceiling allows
`paid-in:<operator>:<insurer>` where those funds came from (grows on debit)
`penalty:<operator>:<site>`  what a site may claim for late payment
`costs:<operator>`           what an operator bears itself, such as penalties (grows on debit)
`debt:<operator>:<site>`     what a site owes for claw-backs that stand (grows on debit); moved by the database
`recoverable:<operator>:<insurer>` what sites so owe an insurer; moved by the database
"""

from __future__ import annotations


def owed(operator: str, insurer: str) -> str:
    """What `insurer` owes."""
    return f"owed:{operator}:{insurer}"


def due(operator: str, site: str) -> str:
    """What is due to `site`."""
    return f"due:{operator}:{site}"


def reserved(remittance: str) -> str:
    """What one remittance holds until the bank answers."""
    return f"reserved:{remittance}"


def bank(operator: str, account: str) -> str:
    """What left a paying account."""
    return f"bank:{operator}:{account}"


def funds(operator: str, insurer: str) -> str:
    """What `insurer` put at its operator's disposal and was not drawn yet."""
    return f"funds:{operator}:{insurer}"


def paid_in(operator: str, insurer: str) -> str:
    """What `insurer` ever sent."""
    return f"paid-in:{operator}:{insurer}"


def penalty(operator: str, site: str) -> str:
    """What `site` may claim for late payment."""
    return f"penalty:{operator}:{site}"


def costs(operator: str) -> str:
    """What an operator bears itself."""
    return f"costs:{operator}"
