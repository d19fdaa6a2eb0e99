"""Bringing a database to the newest schema, with Alembic."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from palestra.errors import StoreError
from palestra.store.schema import REVISION

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(engine: sa.Engine, place: str, scripts: Path = MIGRATIONS, newest: str = REVISION) -> None:
    """Create or upgrade the schema. Alembic is imported only if there is something to do.

    Raises:
        StoreError: the database is of a newer version, or holds somebody else's tables.
    """
    if _revision(engine, place, newest) == newest:
        return
    from alembic import command

    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":  # one process migrates, the others wait and then see it done
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(8140266120)"))
        command.upgrade(_alembic(scripts, connection), newest)


def _revision(engine: sa.Engine, place: str, newest: str) -> str | None:
    with engine.connect() as connection:
        tables = set(sa.inspect(connection).get_table_names())
        if "alembic_version" not in tables:
            if tables:
                raise StoreError(
                    "this database holds tables that are not Palestra's",
                    path=place,
                    hint="name another with --db",
                )
            return None
        found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    if found is not None and found > newest:
        raise StoreError(
            f"this database is of schema {found}, and this Palestra knows schemas up to {newest}",
            path=place,
            hint="update Palestra, or name another database with --db",
        )
    return found


def _alembic(scripts: Path, connection: sa.Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
