"""Alembic's entry: runs the revisions on the connection that `tieline.store.migrate` holds."""

from __future__ import annotations

from alembic import context

connection = context.config.attributes["connection"]
# One transaction around all revisions: a failure leaves the schema as it was.
context.configure(connection=connection, transaction_per_migration=False)
with context.begin_transaction():
    context.run_migrations()
