"""Ids that must not be mixed up."""

from typing import NewType

ConnectionId = NewType("ConnectionId", int)
LaneId = NewType("LaneId", int)
EventId = NewType("EventId", int)
SyncId = NewType("SyncId", int)
PersonId = NewType("PersonId", int)
LinkId = NewType("LinkId", int)
EffectId = NewType("EffectId", int)
