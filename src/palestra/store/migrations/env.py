"""Alembic's entry point; the connection comes from `store/migrate.py`."""

from alembic import context

from palestra.store.arena_schema import battles

context.configure(connection=context.config.attributes["connection"], target_metadata=battles.metadata)
with context.begin_transaction():
    context.run_migrations()
