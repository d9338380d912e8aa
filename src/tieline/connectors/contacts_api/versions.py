"""Dated API versions, pinned for each module of the vendor."""

#: Contacts, notes, tags, locations and custom fields. The dated versions are in maintenance without an end date.
CONTACTS = "2021-07-28"
LOCATIONS = "2021-07-28"

#: Seconds after which a call that was cut off has taken effect or never will. Our own time-out is 10 s, but the far
#: side goes on without us: 30 s is the longest that common load balancers let a request run. A connection's
#: `settle_s` overrides it.
SETTLE_S = 30.0
