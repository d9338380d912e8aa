"""Keys that the CRM's vendor publishes."""

#: Signs `X-GHL-Signature` of every app webhook. Source: the vendor's webhook guide, as of 30 August 2026; a change is
#: announced by e-mail alone, so a connection may name others.
WEBHOOK_KEY = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg=
-----END PUBLIC KEY-----
"""
BASE_URL = "https://services.leadconnectorhq.com"
