"""`rempart operator insurer`: register, list, suspend insurers; their guarantee tables; cards of other operators."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from rempart.cli._operator import DEFAULT, Config, Json, end_if, instant, registering
from rempart.cli._output import Exit, emit, fail, table

if TYPE_CHECKING:
    from rempart.domain.member import MemberRule
    from rempart.storage.insurers import Card

app = typer.Typer(no_args_is_help=True, help="Insurers: register, list, suspend; guarantee tables, routing.")
Number = Annotated[str, typer.Argument(help="The insurer's number, 10 digits.")]
T = TypeVar("T")


@app.command()
def add(
    number: Number,
    name: Annotated[str, typer.Option(help="Its name.")],
    operator: Annotated[str, typer.Option(help="The operator that serves it.")],
    public: Annotated[Path, typer.Option(help="public.json of its `rempart insurer keygen`.")],
    terms: Annotated[Path | None, typer.Option(help="TOML: [member] its rule, [[card]] the cards.")] = None,
    load_key: Annotated[Path | None, typer.Option(help="Write the keeper's load key here, for the insurer.")] = None,
    config: Config = DEFAULT,
) -> None:
    """Register an insurer with keeper and database, or correct its name, operator and rule."""
    import base64

    from rempart.bootstrap.registering import NewInsurer
    from rempart.cli._insurer_keys import KeyFileError, read_public

    try:
        keys = read_public(public)
    except KeyFileError as error:
        fail(str(error), Exit.NO, code="key-file")
    rule, cards = _terms(terms)
    new = NewInsurer(number, name, operator, keys.signing, keys.opening, rule, cards)
    with registering(config) as registrar:
        end_if(registrar.add_insurer(new, instant()), number)
        key = base64.b64encode(registrar.load_key()).decode()
    if load_key is not None:
        load_key.write_text(key, "ascii")
    typer.echo(f"{number} is registered. Its files are signed with {keys.signing_id} and sealed to the load key {key}")


@app.command("list")
def list_all(config: Config = DEFAULT, as_json: Json = False) -> None:
    """Every insurer; nobody it insures."""
    from rempart.storage.insurers import insurers

    with registering(config) as registrar:
        rows = insurers(registrar.connection)
    names = ("insurer", "name", "operator", "standing", "last file", "cards", "guarantee tables")
    shown = [(r.insurer, r.name, r.operator, r.standing, r.sequence, r.cards, r.tables) for r in rows]
    emit([asdict(row) for row in rows], as_json=as_json, show=lambda: table("Insurers", names, shown))


@app.command()
def suspend(number: Number, config: Config = DEFAULT) -> None:
    """Stop routing to it: within seconds a question about its cards is told that no insurer here has them."""
    _standing(number, "suspended", config)


@app.command()
def resume(number: Number, config: Config = DEFAULT) -> None:
    """End a suspension."""
    _standing(number, "good", config)


@app.command()
def guarantees(number: Number, file: Path, config: Config = DEFAULT) -> None:
    """Give the insurer's guarantee table; faults are told by line, and change nothing."""
    with registering(config) as registrar:
        found = registrar.add_guarantees(number, file.read_bytes(), instant())
    if isinstance(found, str):
        end_if(found, number)
        return
    told = "".join(f"\n  {fault.line}: {fault.key}: {fault.code}" for fault in found.faults or found.warnings)
    if found.faults:
        fail(f"{file}: nothing was changed:{told}", Exit.NO, code=found.faults[0].code)
    typer.echo(f"{number}: the table is in force.{told}")


@app.command()
def elsewhere(
    amc_number: Annotated[str, typer.Argument(help="AMC number of the cards, 10 digits.")],
    operator: Annotated[str, typer.Option(help="Who handles them.")],
    config: Config = DEFAULT,
) -> None:
    """Say that another operator handles these cards: a question about one is told so, and costs nothing."""
    with registering(config) as registrar:
        end_if(registrar.elsewhere(amc_number, operator), amc_number)
    typer.echo(f"{amc_number}: handled by {operator}")


def _standing(number: str, standing: str, config: Path) -> None:
    from rempart.storage.insurers import set_insurer_standing

    with registering(config) as registrar:
        end_if("" if set_insurer_standing(registrar.connection, number, standing) else "insurer-unknown", number)
    typer.echo(f"{number}: {standing}")


def _terms(path: Path | None) -> tuple[MemberRule, tuple[Card, ...]]:
    from rempart.domain.member import ANY_MEMBER, MemberRule
    from rempart.storage.insurers import Card

    if path is None:
        return ANY_MEMBER, ()
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        fail(f"{path} is not TOML", Exit.NO, code="terms-malformed")
    if unknown := found.keys() - {"member", "card"}:
        fail(f"{path}: {', '.join(sorted(unknown))} is not known here", Exit.NO, code="terms-malformed")
    rule = _made(MemberRule, found.get("member", {}), path)
    return rule, tuple(_made(Card, card, path) for card in found.get("card", ()))


def _made(kind: type[T], values: Any, path: Path) -> T:
    """A dataclass from a TOML table; an unknown key is as wrong as a missing one."""
    import msgspec

    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]  # MemberRule and Card are dataclasses
    if not isinstance(values, dict) or values.keys() - names:
        fail(f"{path}: known here are {', '.join(sorted(names))}", Exit.NO, code="terms-malformed")
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        fail(f"{path}: {kind.__name__}: {error}", Exit.NO, code="terms-malformed")
