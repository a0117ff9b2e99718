"""The names of the ledger's accounts. A transfer moves cents from its debit account to its credit account.

`owed:<operator>:<insurer>`  what an insurer owes for decided invoices (grows on debit)
`due:<operator>:<site>`      what a site is to be paid
`reserved:<remittance>`      ordered at the bank, not yet confirmed
`bank:<operator>:<account>`  left the paying account
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
