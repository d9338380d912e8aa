"""`tieline alerts`: who is told when something needs people."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tieline.cli import output
from tieline.cli.secret_input import read_secret
from tieline.cli.session import opened_hub, run
from tieline.errors import ConfigurationError

if TYPE_CHECKING:
    from tieline.server.alerts.api import SentAlert
    from tieline.server.alerts.channels import Channel, MadeChannel, NewChannel, Target

app = typer.Typer(
    help="Who is told when something needs people: list, add, remove, test, sent.", no_args_is_help=True
)

Json = Annotated[bool, output.JSON_OPTION]
Name = Annotated[str, typer.Argument(metavar="NAME", help="the channel")]
#: A test that nobody sent by then has no hub to send it.
_TEST_S = 30.0


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Channels, and which of them take nothing."""
    found = run(_list())
    output.show(
        found,
        as_json,
        lambda: output.table(
            ("name", "kind", "to", "tells of", "waiting", "last sent (UTC)", "takes nothing since", "why"),
            [
                (
                    one.name, one.kind, one.to, " ".join(one.kinds), one.waiting, one.last_sent_at, one.failing_since,
                    one.last_error,
                )
                for one in found
            ],
            empty="nobody is told of anything yet: tieline alerts add NAME --to ann@example.com --smtp HOST --sender …",
        ),
    )  # fmt: skip


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="what you call it")],
    to: Annotated[list[str] | None, typer.Option(help="mail: who is told; repeat for more")] = None,
    smtp: Annotated[
        str | None, typer.Option(metavar="HOST[:PORT]", help="mail: the SMTP server; port 587")
    ] = None,
    sender: Annotated[str | None, typer.Option(help="mail: the address it comes from")] = None,
    security: Annotated[
        Literal["starttls", "tls", "none"], typer.Option(help="mail: how it is encrypted")
    ] = "starttls",
    user: Annotated[str | None, typer.Option(help="mail: SMTP user; with --password-stdin")] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="mail: read the user's password from standard input")
    ] = False,
    webhook: Annotated[str | None, typer.Option(metavar="URL", help="JSON is sent there, signed")] = None,
    apprise_stdin: Annotated[
        bool,
        typer.Option(
            "--apprise-stdin", help="read an address of apprise from standard input: it holds secrets"
        ),
    ] = False,
    kind: Annotated[
        list[str] | None, typer.Option(help="what it tells of: cause, digest, trouble; default: all of them")
    ] = None,
    digest_every_s: Annotated[int, typer.Option(min=60, max=604_800, help="seconds between digests")] = 3600,
    as_json: Json = False,
) -> None:
    """Add a channel, or give the one of that name another target."""
    from tieline.server.alerts.channels import KINDS, AppriseTarget, MailTarget, NewChannel, WebhookTarget

    if (to is not None) + (webhook is not None) + apprise_stdin != 1:
        raise ConfigurationError("say one of them: --to ADDRESS (mail), --webhook URL, --apprise-stdin")
    target: Target
    if webhook is not None:
        target = WebhookTarget(url=webhook)
    elif apprise_stdin:
        target = AppriseTarget(url=read_secret("apprise address", None, from_stdin=True, option="apprise"))
    else:
        if smtp is None or sender is None:
            raise ConfigurationError("mail needs --smtp HOST and --sender ADDRESS")
        host, _, port = smtp.partition(":")
        if port and not port.isdecimal():
            raise ConfigurationError(f"{smtp!r} is no HOST:PORT")
        password = (
            read_secret("SMTP password", None, from_stdin=password_stdin, option="password")
            if user is not None
            else None
        )
        target = MailTarget(
            to=tuple(to or ()), sender=sender, host=host, port=int(port or {"tls": 465}.get(security, 587)),
            security=security, user=user, password=password,
        )  # fmt: skip
    kinds = tuple(one for one in KINDS if one in (kind or KINDS))
    if unknown := set(kind or ()) - set(KINDS):
        raise ConfigurationError(
            f"there is no kind {', '.join(sorted(unknown))}; there are: {', '.join(KINDS)}"
        )
    new = NewChannel(name=name, target=target, kinds=kinds, digest_every_s=digest_every_s)
    made = run(_add(new))

    def people() -> None:
        output.out.print(f"{made.name} tells {made.to} of {', '.join(made.kinds)}.", markup=False)
        if made.secret is not None:
            output.out.print(f"Signing secret, shown this once: {made.secret}", markup=False, soft_wrap=True)
        output.out.print(f"Try it: tieline alerts test {made.name}", markup=False)

    output.show(made, as_json, people)


@app.command("remove")
def remove(name: Name, as_json: Json = False) -> None:
    """Remove a channel, with what waits for it."""
    if not run(_remove(name)):
        raise output.NotThere(f"there is no channel {name}; see: tieline alerts list")
    output.show({"removed": name}, as_json, lambda: output.out.print(f"{name} is told of nothing any more."))


@app.command("test")
def try_(
    name: Name,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="until it is known what came of it")] = True,
    as_json: Json = False,
) -> None:
    """Send a test through a channel, by the hub that runs."""
    alert, state, reason = run(_test(name, wait=wait))
    told = {"alert": alert, "state": state, "reason": reason}
    words = {
        "sent": f"{name} took it.",
        "unknown": f"{name} may have it: {reason}",
        "given_up": f"{name} did not take it: {reason}",
    }
    waits = "It is on its way."
    if wait:
        waits = f"Nobody sent it within {_TEST_S:.0f} s; is the hub up? See: tieline up"
    output.show(told, as_json, lambda: output.out.print(words.get(state, waits), markup=False))
    if wait and state != "sent":
        raise typer.Exit(1)


@app.command("sent")
def sent(
    before: Annotated[int | None, typer.Option(help="go on from this number")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 20,
    as_json: Json = False,
) -> None:
    """What was told of, the youngest first."""
    found = run(_sent(before, limit))
    output.show(
        found,
        as_json,
        lambda: output.table(
            ("number", "when (UTC)", "what", "title", "by"),
            [
                (
                    one.id, one.created_at, one.kind, one.title,
                    ", ".join(f"{way.channel}: {way.state}" for way in one.sendings) or "nobody",
                )
                for one in found
            ],
            empty="nothing was told of yet",
        ),
    )  # fmt: skip


async def _list() -> list[Channel]:
    from tieline.server.alerts.channels import list_channels

    async with opened_hub() as hub:
        return await list_channels(hub.store)


async def _add(new: NewChannel) -> MadeChannel:
    from tieline.server.alerts.channels import add_channel

    async with opened_hub() as hub:
        return await add_channel(hub.store, hub.vault, new)


async def _remove(name: str) -> bool:
    from tieline.server.alerts.channels import remove_channel

    async with opened_hub() as hub:
        return await remove_channel(hub.store, name)


async def _test(name: str, *, wait: bool) -> tuple[int, str, str | None]:
    from tieline.server.alerts.api import list_sent
    from tieline.server.alerts.channels import try_channel

    async with opened_hub() as hub:
        alert = await try_channel(hub.store, name)
        if alert is None:
            raise output.NotThere(f"there is no channel {name}; see: tieline alerts list")
        for _ in range(int(_TEST_S * 4) if wait else 0):
            (found,) = await list_sent(hub.store, before=alert + 1, limit=1)
            if found.sendings and (one := found.sendings[0]).state not in ("waiting", "intent"):
                return alert, one.state, one.reason
            await asyncio.sleep(0.25)
    return alert, "waiting", None


async def _sent(before: int | None, limit: int) -> list[SentAlert]:
    from tieline.server.alerts.api import list_sent

    async with opened_hub() as hub:
        return await list_sent(hub.store, before=before, limit=limit)
