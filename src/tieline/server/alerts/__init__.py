"""Telling people when something needs them: by mail, webhook, and whatever `apprise` reaches."""
