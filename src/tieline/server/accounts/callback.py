"""`GET /oauth/callback`: where the far side sends a person back to, with a code or with a refusal."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING, Annotated, Any

from litestar import MediaType, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery, QueryParameter

from tieline.errors import ConfigurationError
from tieline.server.access.limits import POLICY
from tieline.server.access.scopes import OPEN, needs
from tieline.server.accounts.authorize import CALLBACK, returned, told
from tieline.store.errands import wait_for

if TYPE_CHECKING:
    from tieline.server.hub import Hub

#: A person looks at a blank page meanwhile; the errand goes on if it takes longer.
WAIT_S = 20.0
_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem}
h1{font-size:1.4rem}
"""
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<style>{style}</style>
</head><body><h1>{title}</h1><p>{text}</p></body></html>
"""
_HEADERS = {
    "Cache-Control": "no-store",
    # This style and no other.
    "Content-Security-Policy": f"{POLICY}; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def callback_route(hub: Hub) -> HTTPRouteHandler:
    """The handler, on one hub."""

    @get(
        CALLBACK,
        operation_id="oauth_callback",
        media_type=MediaType.HTML,
        include_in_schema=False,
        opt=needs(OPEN),
    )
    async def callback(
        code: FromQuery[str | None] = None,
        given_state: Annotated[str | None, QueryParameter(name="state")] = None,
        error: FromQuery[str | None] = None,
        error_description: FromQuery[str | None] = None,
    ) -> Response[str]:
        if error or not code or not given_state:
            why = error_description or error or "the far side sent no code"
            return _page(400, "Not connected", f"The far side did not allow it: {why}. Nothing was changed.")
        try:
            done = await returned(hub.store, hub.vault, state=given_state, code=code)
        except ConfigurationError as refused:
            return _page(400, "Not connected", f"{refused}.".capitalize())
        ended = await wait_for(hub.store, done.errand, within_s=WAIT_S)
        if ended.state == "failed":
            return _page(
                502, "Not connected", f"The far side did not take the code: {ended.reason}. Begin again."
            )
        if ended.state != "done":
            return _page(202, "Nearly there", "It is still being set up. You can close this page.")
        return _page(200, "Connected", f"{told(ended.output or {})} You can close this page.")

    return callback


def _page(status: int, title: str, text: str) -> Response[str]:
    content: Any = _PAGE.format(style=_STYLE, title=escape(title), text=escape(text))
    return Response(content, status_code=status, media_type=MediaType.HTML, headers=_HEADERS)
