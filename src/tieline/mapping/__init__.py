"""Payload to record, by rules: phones, e-mails, names, transforms, templates. Pure; no I/O."""
