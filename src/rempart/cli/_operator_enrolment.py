"""`rempart operator enrolment`: who asks to join, the document they sent, and two officers' yes or one's no."""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from rempart.cli._operator import DEFAULT, MEANING, Config, Json, instant, registering
from rempart.cli._output import Exit, emit, fail, settings_or_fail, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from rempart.bootstrap.enrolling import Joined, No, Terms
    from rempart.storage.enrolment_office import EnrolmentOffice

    Saying = Callable[[EnrolmentOffice, UUID, No], str]

app = typer.Typer(no_args_is_help=True, help="People who join by themselves: list, show, ask again, approve, refuse.")
Which = Annotated[UUID, typer.Argument(help="The enrolment.")]
Officer = Annotated[str, typer.Option("--by", help="Who says so; it is kept.")]
Key = Annotated[Path, typer.Option("--key", help="The operator's private key, mode 0600 (`new-key` makes it).")]
Profession = Annotated[str, typer.Option(help="The site's, where the person's does not say it.")]
Region = Annotated[str, typer.Option(help="The site's department.")]
Zone = Annotated[str, typer.Option(help="The site's time zone.")]
Last = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The mandate's last day.")]
Reason = Annotated[
    str, typer.Option(help="unreadable, other-holder, not-a-bank-document, other-place, not-reached, not-eligible.")
]

WHY = {
    "enrolment-unknown": "there is no such enrolment",
    "not-awaiting": "it does not wait for the operator",
    "officer-missing": "say who you are",
    "officer-already-spoke": "one person speaks once: a second one is wanted",
    "not-called-back": "say whom you called, at a number known otherwise than from this enrolment",
    "document-missing": "no document is kept",
    "envelope-reader": "the document was sealed to another key",
    "envelope-altered": "the document was altered, or is another enrolment's",
    "envelope-shape": "the document is no package",
    "reason-unknown": "the reason is one of those the option names",
    "site-registered": "this site is registered by another operator meanwhile",
    "transition-not-allowed": "it has ended",
    "approval-unproven": "a word in the database is not what its agent signed: tell security",
    "same-person": "both words are of one person, passkey or session",
    "link-exists": "this person has another account here: unlink it, or invite",
    **{code: MEANING[code] for code in ("profession-unknown", "zone-unknown", "region-unknown")},
}


@app.command("new-key")
def new_key(out: Annotated[Path, typer.Option(help="Where the private key goes.")]) -> None:
    """Make the key that documents are sealed to. Keep it off the hub's machine; `portal.toml` gets the public part."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    made = X25519PrivateKey.generate()
    try:
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        fail(f"{out} exists: it is not replaced", Exit.NO, code="file-exists")
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(_text(made.private_bytes_raw()) + "\n")
    typer.echo(f"{out} holds the private key. In portal.toml:\n")
    typer.echo(f'[enrolment]\nkey = "{_text(made.public_key().public_bytes_raw())}"')


@app.command("list")
def list_all(
    operator: Annotated[str, typer.Option(help="Of this operator only.")] = "",
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """What has not ended. What is 30 days old ends now, and documents of what has ended are deleted."""
    from rempart.ground.instants import iso
    from rempart.storage.enrolment_office import EnrolmentOffice

    at = instant()
    with registering(config) as registrar:
        found = EnrolmentOffice(registrar.connection).listed(operator, at)
    told = [
        {
            "enrolment": str(each.enrolment.enrolment), "operator": each.enrolment.operator,
            "state": each.enrolment.state(at), "site": each.enrolment.site, "finess": each.enrolment.place.finess,
            "profession": each.enrolment.place.profession, "directory": each.enrolment.listed,
            "asked": iso(each.enrolment.asked), "expires": iso(each.enrolment.expires), "spoke": list(each.spoke),
        }
        for each in found
    ]  # fmt: skip
    names = ("enrolment", "operator", "state", "site", "profession", "directory", "asked", "officers")
    rows = [(*(each[name] for name in names[:-1]), len(each["spoke"])) for each in told]
    emit(told, as_json=as_json, show=lambda: table("Enrolments", names, rows))


@app.command()
def show(
    enrolment: Which,
    key: Key,
    out: Annotated[Path, typer.Option(help="A folder for the document and the account, both mode 0600.")],
    config: Config = DEFAULT,
) -> None:
    """Open the document with the operator's key: compare holder, account and place with what you know."""
    from rempart.bootstrap.enrolling import opened
    from rempart.storage.enrolment_office import EnrolmentOffice

    with registering(config) as registrar:
        office = EnrolmentOffice(registrar.connection)
        waiting = office.one(enrolment)
        found = opened(office, waiting, _key(key)) if waiting is not None else "enrolment-unknown"
    if isinstance(found, str):
        fail(f"{enrolment}: {WHY.get(found, found)}", Exit.NO, code=found)
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    document = _written(out / f"{enrolment}.{found.kind}", found.document)
    account = _written(out / f"{enrolment}.txt", f"{found.holder}\n{found.iban}\n".encode())
    typer.echo(f"{document}\n{account}\nDelete both once you have decided.")


@app.command()
def again(enrolment: Which, said_by: Officer, reason: Reason, config: Config = DEFAULT) -> None:
    """Ask for another document; the page tells the person why."""
    from rempart.bootstrap.enrolling import ask_again

    _say(ask_again, enrolment, (said_by, reason), config)
    typer.echo(f"{enrolment}: another document is asked for")


@app.command()
def refuse(enrolment: Which, said_by: Officer, reason: Reason, config: Config = DEFAULT) -> None:
    """Refuse it for good; the document is deleted."""
    from rempart.bootstrap.enrolling import refuse as say_no

    _say(say_no, enrolment, (said_by, reason), config)
    typer.echo(f"{enrolment}: refused")


@app.command()
def approve(
    enrolment: Which,
    said_by: Officer,
    called_back: Annotated[str, typer.Option(help="Whom you called, at a number from a public source.")],
    key: Key,
    because: Annotated[str, typer.Option(help="Why although something does not match.")] = "",
    profession: Profession = "",
    region: Region = "",
    zone: Zone = "Europe/Paris",
    last: Last = None,
    config: Config = DEFAULT,
) -> None:
    """Say yes. The first officer's is kept; the second's makes site, payee, account and mandate."""
    from rempart.bootstrap.enrolling import approve as say_yes
    from rempart.domain.enrolment import Word

    terms = _terms(config, key, (profession, region, zone), last)
    with registering(config) as registrar:
        found = say_yes(registrar, enrolment, Word(said_by, called_back, because), terms)
    _tell(enrolment, found)


@app.command()
def finish(
    enrolment: Which,
    key: Key,
    profession: Profession = "",
    region: Region = "",
    zone: Zone = "Europe/Paris",
    last: Last = None,
    config: Config = DEFAULT,
) -> None:
    """Make what two people said yes to at the operator's desk. The keeper proves first that both signed it."""
    from rempart.bootstrap.enrolling import finish as make

    terms = _terms(config, key, (profession, region, zone), last)
    with registering(config) as registrar:
        found = make(registrar, enrolment, terms)
    _tell(enrolment, found)


def _terms(config: Path, key: Path, site: tuple[str, str, str], last: datetime | None) -> Terms:
    """What the officer adds; `site` is (profession, region, time zone)."""
    from rempart.bootstrap.enrolling import Terms

    box = str(settings_or_fail(config).paths.keeper_socket("box"))
    return Terms(_key(key), box, instant(), *site, last.date() if last else None)


def _tell(enrolment: UUID, found: Joined | str) -> None:
    if isinstance(found, str):
        fail(f"{enrolment}: nothing was approved: {WHY.get(found, found)}", Exit.NO, code=found)
    if found.missing:
        typer.echo(f"{enrolment}: kept. {found.missing} more to say yes, a second officer: nothing is made before.")
        return
    typer.echo(f"{found.site} is registered, and {found.account} is its manager.")
    typer.echo("The person signs in by Pro Santé Connect within seven days and makes a passkey.")


def _say(what: Saying, enrolment: UUID, said: tuple[str, str], config: Path) -> None:
    from rempart.bootstrap.enrolling import No
    from rempart.storage.enrolment_office import EnrolmentOffice

    with registering(config) as registrar:
        code = what(EnrolmentOffice(registrar.connection), enrolment, No(*said, instant()))
    if code:
        fail(f"{enrolment}: nothing was changed: {WHY.get(code, code)}", Exit.NO, code=code)


def _key(path: Path) -> X25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from rempart.ground.files import SecretRefused, read_secret

    found = read_secret(path)
    if isinstance(found, SecretRefused):
        fail(found.reason, Exit.LACKING, code="key-refused")
    try:
        text = found.decode("ascii").strip()
        return X25519PrivateKey.from_private_bytes(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        fail(f"{path} holds no key", Exit.LACKING, code="key-refused")


def _written(path: Path, content: bytes) -> Path:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    return path


def _text(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
