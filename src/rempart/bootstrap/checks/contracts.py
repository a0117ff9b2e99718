"""Insurers with whom no operator has a contract: by the opt-in rule every operator's sites are served for them."""

from __future__ import annotations

from .findings import NO_DATABASE, Check, Fault, Ground, LeftOut, Outcome, found

SHOWN = 5  # numbers of one sentence
WITHOUT = """
select i.insurer from rempart.insurer i
where i.standing = 'good' and not exists (select from rempart.insurer_contract c where c.insurer = i.insurer)
order by i.insurer
"""


def contracts(ground: Ground) -> Outcome:
    """In production each insurer has a contract with an operator; a warning, for a hub of one operator needs none."""
    if not ground.settings.production:
        return LeftOut("outside production")
    connection = ground.any_connection()
    if connection is None:
        return NO_DATABASE
    without = [row[0] for row in connection.execute(WITHOUT).fetchall()]
    if not without:
        return found([])
    more = f" and {len(without) - SHOWN} more" if len(without) > SHOWN else ""
    sentence = f"nobody wrote a contract with {', '.join(without[:SHOWN])}{more}: every operator's sites are served"
    return (Fault("insurer-without-contract", sentence, _WRITE, warns=True),)


_WRITE = "`rempart operator contract add --operator … --insurer … --from …`, for each operator that has one"
CONTRACTS = Check(
    "contracts", "In production every insurer in good standing has a contract with an operator (a warning).",
    ("insurer-without-contract",), contracts,
)  # fmt: skip
