"""The page on which a person chooses a location and allows the app. Source: contacts-api.md, section 2.1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from tieline.sandbox.contacts_api.records import Location
from tieline.sandbox.side import Reply

#: What `approve` says for the company with all its locations.
COMPANY = "company"
_HTML = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<style>
body{{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1rem}}
button{{font:inherit;display:block;width:100%;text-align:left;margin:.4rem 0;padding:.6rem .8rem}}
</style></head>
<body><h1>{title}</h1>{body}</body></html>
"""


def choice(query: Mapping[str, str], locations: Iterable[Location], scopes: Iterable[str]) -> Reply:
    """A button for each location, and one for the agency with all of them."""
    kept = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in query.items()
    )
    buttons = "".join(_button(one.id, f"{one.name} ({one.timezone})") for one in locations)
    asked = ", ".join(sorted(scopes))
    body = (
        "<p>This is Tieline's sandbox: no real account is behind it.</p>"
        f'<form method="get">{kept}{buttons}{_button(COMPANY, "The agency, with all its locations")}</form>'
        f"<p>The app asks for: {escape(asked)}</p>"
    )
    return _page(200, "Choose a location", body)


def error(why: str) -> Reply:
    """The person cannot go on, and is sent nowhere."""
    return _page(400, "This link does not work", f"<p>{escape(why)}</p>")


def back(redirect_uri: str, code: str, state: str | None) -> Reply:
    """The person is sent back with a code."""
    parts = urlsplit(redirect_uri)
    query = [*parse_qsl(parts.query, keep_blank_values=True), ("code", code)]
    if state is not None:
        query.append(("state", state))
    address = urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(query), ""))
    return Reply(
        status=302, content=b"", content_type="text/html", headers={"Location": address}, effect=True
    )


def _button(value: str, text: str) -> str:
    return f'<button name="approve" value="{escape(value)}">{escape(text)}</button>'


def _page(status: int, title: str, body: str) -> Reply:
    html = _HTML.format(title=escape(title), body=body)
    return Reply(status=status, content=html.encode(), content_type="text/html")
