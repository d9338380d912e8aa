"""Dated API versions, pinned for each module of the vendor."""

#: Contacts, notes, tags, locations and custom fields. The dated versions are in maintenance without an end date.
CONTACTS = "2021-07-28"
LOCATIONS = "2021-07-28"
OPPORTUNITIES = "2021-07-28"
BUSINESSES = "2021-07-28"
USERS = "2021-07-28"
CAMPAIGNS = "2021-07-28"
WORKFLOWS = "2021-07-28"
FORMS = "2021-07-28"
OAUTH = "2021-07-28"
CALENDARS = "2021-04-15"
#: Conversations and messages; the calls for e-mails by their own id need no version.
CONVERSATIONS = "2021-04-15"
UNVERSIONED = ""

#: Seconds after which a call that was cut off has taken effect or never will. Our own time-out is 10 s, but the far
#: side goes on without us: 30 s is the longest that common load balancers let a request run. A connection's
#: `settle_s` overrides it.
SETTLE_S = 30.0
