"""`rempart operator portal` and `rempart operator account`: where people sign in, and who is invited to."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rempart.cli._operator import DEFAULT, MEANING, Config, Json, end_if, instant, registering
from rempart.cli._output import Exit, emit, fail, settings_or_fail
from rempart.sealing.invitations import HAS_NUMBER

if TYPE_CHECKING:
    from rempart.bootstrap.inviting import Divided, Invited

portals = typer.Typer(no_args_is_help=True, help="Portals: register an operator's own.")
accounts = typer.Typer(no_args_is_help=True, help="Accounts: invite people, end a passkey.")
Operator = Annotated[str, typer.Argument(help="The operator, as its sites name it.")]
MaybeDay = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="A day at the site; both ends are included.")
]


ROLE_HELP = (
    "At a site: professional, staff, manager. At an insurer's desk: case-worker, insurer-manager. At the operator's: "
    "agent, support, security, data-protection."
)


@portals.command()
def add(
    operator: Operator,
    host: Annotated[str, typer.Option(help="Its host name: what passkeys are bound to. It cannot change later.")],
    origin: Annotated[list[str], typer.Option(help="Where its pages are, e.g. https://portail.example.")],
    key: Annotated[list[str], typer.Option(help="Thumbprint of its key: `rempart portal new-key` prints it.")],
    config: Config = DEFAULT,
) -> None:
    """Register an operator's portal, or replace its origins and keys."""
    from rempart.bootstrap.inviting import Portal, add_portal

    with registering(config) as registrar:
        end_if(add_portal(registrar, Portal(operator, host, tuple(origin), tuple(key))), operator)
    typer.echo(f"the portal of {operator} is registered: people may be invited")


@accounts.command()
def invite(
    operator: Operator,
    role: Annotated[str, typer.Option(help=ROLE_HELP)],
    site: Annotated[str, typer.Option(help="The site's billing number, for a role of a site.")] = "",
    insurer: Annotated[str, typer.Option(help="Its number, for a role of an insurer.")] = "",
    first: MaybeDay = None,
    last: MaybeDay = None,
    account: Annotated[str, typer.Option(help="An account there is: for one more site, or a new passkey.")] = "",
    accountable: Annotated[str, typer.Option(help="Of staff without a number: the account that answers.")] = "",
    has_number: Annotated[bool, typer.Option("--has-number", help="Of staff who have a number of their own.")] = False,
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Invite a person to one site for some days, or to a desk until the account is revoked.

    Half of the code is shown, once: say it to a known number. The other half is a message for your own mail to bring.
    """
    from rempart.bootstrap import inviting

    place = _place(operator, role, site=site, insurer=insurer, dated=first is not None and last is not None)
    days = (_day(first), _day(last))
    answers = _answers(role, accountable, has_number=has_number)
    asked = inviting.Invitation(operator, place, role, *days, account, answers)
    with registering(config) as registrar:
        made = inviting.invite(registrar, asked, at := instant())
    if isinstance(made, str):
        end_if(made, account or place)
        return
    found = _divided(config, made, ("invitation", operator, place, at))

    def show() -> None:
        until = f", from {days[0]} to {days[1]}" if site else f", as {role}"
        typer.echo(f"{found.account} is invited to {place}{until}.")
        _show_halves(found, "the site's number" if site else place)

    emit(found._asdict(), as_json=as_json, show=show)


def _answers(role: str, accountable: str, *, has_number: bool) -> str:
    """Who answers for staff, as the keeper reads it; the command ends when nobody does, or when it is no staff."""
    if (role == "staff") != bool(accountable or has_number) or (accountable and has_number):
        fail(f"{role}: nothing was changed: {MEANING['accountable-required']}", Exit.NO, code="accountable-required")
    return HAS_NUMBER if has_number else accountable


def _divided(config: Path, made: Invited, sent: tuple[str, str, str, int]) -> Divided:
    """The code on its two ways; the command ends when the message cannot be written, and the code is told to nobody."""
    from rempart.bootstrap import inviting

    folder = settings_or_fail(config).paths.messages
    try:
        return inviting.divided(folder, made, inviting.Sent(*sent))
    except OSError as error:
        fail(
            f"{made.account}: its message cannot be written in {folder} ({error.strerror}); the code is told to nobody:"
            " mend paths.messages and do it again",
            Exit.LACKING, code="message-not-written",
        )  # fmt: skip


def _show_halves(found: Divided, place: str) -> None:
    typer.echo(f"first half of the code: {found.first_half}   say it to a number that you know; it is shown once")
    typer.echo(f"second half:            in {found.message}, for your mail to send")
    typer.echo(f"Both together are good once, for seven days, with {place}.")


def _day(given: datetime | None) -> date:
    return date.min if given is None else given.date()


def _place(operator: str, role: str, *, site: str, insurer: str, dated: bool) -> str:
    """What the role is bound to; the command ends when the options are not those of the role."""
    from rempart.domain.authorities import INSURER_ROLES, SITE_ROLES

    wanted = (role in SITE_ROLES, role in SITE_ROLES, role in INSURER_ROLES)
    if (bool(site), dated, bool(insurer)) != wanted:
        end_if("role-options", role)
    return site or insurer or operator


@accounts.command("show")
def show_account(
    account: Annotated[str, typer.Argument(help="The account.")], config: Config = DEFAULT, as_json: Json = False
) -> None:
    """An account's passkeys by their short ids, its probation, and who gave it access back. No name is anywhere."""
    from rempart.bootstrap import inviting
    from rempart.ground.instants import day_from_number, iso

    with registering(config) as registrar:
        found = inviting.show(registrar, account)
    if isinstance(found, str):
        end_if(found, account)
        return
    passkeys = [
        {
            "passkey": each.passkey.hex(), "made": iso(each.made) if each.made else "",
            "used": day_from_number(each.used).isoformat() if each.used else "",
        }
        for each in found.passkeys
    ]  # fmt: skip
    recoveries = [{"by": each.by, "instant": iso(each.instant)} for each in found.recoveries]
    told = {
        "account": account, "operator": found.operator, "role": found.role, "ended": found.revoked,
        "probation": iso(found.probation) if found.probation else "", "passkeys": passkeys, "recoveries": recoveries,
    }  # fmt: skip

    def show() -> None:
        typer.echo(f"{account}: {found.role} of {found.operator}{', ended' if found.revoked else ''}")
        for each in passkeys:
            typer.echo(
                f"  passkey {each['passkey'][:8]}  made {each['made'] or 'unknown'}  used {each['used'] or 'never'}"
            )
        for each in recoveries:
            typer.echo(f"  access given back {each['instant']} by {each['by']}")
        if told["probation"]:
            typer.echo(f"  on probation until {told['probation']}")

    emit(told, as_json=as_json, show=show)


@accounts.command()
def recover(
    operator: Operator,
    account: Annotated[str, typer.Argument(help="The account whose passkeys are lost.")],
    site: Annotated[str, typer.Option(help="One of its sites, by its billing number; of a desk, what binds it.")],
    officer: Annotated[str, typer.Option(help="Who decides, as kept with the line: never a patient, never a secret.")],
    called: Annotated[bool, typer.Option("--called", help="A number known for 30 days was called.")] = False,
    document: Annotated[
        bool, typer.Option("--document", help="A bank document was seen and its payee verified.")
    ] = False,
    although_manager: Annotated[
        bool, typer.Option("--although-manager", help="Another manager of the site could do it, and it cannot wait.")
    ] = False,
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Give access back where no colleague can: passkeys end, half of a code is shown, then 72 hours of probation."""
    from rempart.bootstrap import inviting

    if not (called and document):
        fail(
            f"{account}: nothing was changed: call a number known for 30 days, see a bank document, then say so",
            Exit.NO, code="not-checked",
        )  # fmt: skip
    with registering(config) as registrar:
        asked = inviting.Recovery(operator, account, site, officer, although_manager)
        made = inviting.recover(registrar, asked, at := instant())
    if isinstance(made, str):
        end_if(made, account)
        return
    found = _divided(config, made, ("recovery", operator, site, at))

    def show() -> None:
        typer.echo(f"{account}: passkeys and sessions are ended.")
        _show_halves(found, f"the number {site}")

    emit(found._asdict(), as_json=as_json, show=show)


@accounts.command("end-passkey")
def end_passkey(
    account: Annotated[str, typer.Argument(help="The account.")],
    passkey: Annotated[str, typer.Argument(help="Its short id: the person and `account show` see it.")],
    config: Config = DEFAULT,
) -> None:
    """A passkey that was lost or stolen opens nothing more. The whole account ends by `client revoke`."""
    from rempart.bootstrap import inviting

    with registering(config) as registrar:
        found = inviting.show(registrar, account)
        if isinstance(found, str):
            end_if(found, account)
            return
        told = inviting.named(found, passkey)
        if isinstance(told, str):
            end_if(told, account)
            return
        end_if(inviting.revoke_passkey(registrar, account, told.credential, instant()), account)
    typer.echo(f"{account}: that passkey is ended")
