"""What is read of an account beside its webhooks, and how often, unless somebody says otherwise."""

from __future__ import annotations

from tieline.server.accounts.connections import NewPoll

POLL_EVERY_S = 300.0
SWEEP_EVERY_S = 300.0
#: The walk goes on all the time, as far as its share of the day's calls lets it.
WALK_EVERY_S = 60.0


def location_polls(
    *, poll_every_s: float = POLL_EVERY_S, sweep_every_s: float = SWEEP_EVERY_S
) -> tuple[NewPoll, ...]:
    """Contacts by their time of change, and the sweeps for what the CRM never tells; 0 = not at all."""
    polls = [NewPoll(stream="contact", every_s=poll_every_s)] if poll_every_s else []
    if sweep_every_s:
        polls += [
            NewPoll(stream="task", every_s=sweep_every_s),
            NewPoll(stream="form_submission", every_s=sweep_every_s),
            walk_poll(sweep_every_s),
        ]
    return tuple(polls)


def walk_poll(every_s: float) -> NewPoll:
    """The walk over linked people, of a location and of an account that stores people of its own."""
    return NewPoll(stream="walk", every_s=min(WALK_EVERY_S, every_s))
