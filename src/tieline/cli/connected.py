"""What `tieline connect` says when it is done, and what is left to do on the far side."""

from __future__ import annotations

from typing import Any

from tieline.cli import output
from tieline.cli.serve import address


def say_connected(done: dict[str, Any], public_url: str, made: dict[str, str], *, as_json: bool) -> None:
    """`made` are secrets that we made, by proof: they are shown this once."""
    webhook = address(public_url.rstrip("/"), done["connector"], done["name"])
    if done.get("webhook_auth") == "url_key":
        webhook += f"?key={made.get('url_key', 'SECRET')}"
    told = {**done, "webhook": webhook}
    if made:
        told["webhook_secret"] = next(iter(made.values()))
    path, _, query = webhook.partition("?")
    addresses = {event: f"{path}/{event}{'?' if query else ''}{query}" for event in done.get("events", ())}
    if addresses:
        del told["events"]
        told["webhooks"] = addresses

    def people() -> None:
        verb = "Connected" if done["created"] else "Changed"
        output.out.print(f"{verb} [bold]{done['name']}[/].")
        if location := done.get("location"):
            fields = len(location.get("custom_fields", {}))
            output.out.print(f"{location['name']}, {location['country']}, {fields} custom fields")
        output.out.print(f"Have the far side deliver to: {webhook}")
        for event, one in addresses.items():
            output.out.print(f"  {event}: {one}")
        if made:
            output.out.print(
                "The secret in it is shown this once."
                if "url_key" in made
                else f"Secret: {told['webhook_secret']} (shown this once)"
            )

    output.show(told, as_json, people)
