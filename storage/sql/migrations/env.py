"""Run by Alembic: migrates on the connection that :mod:`daycast.storage.sql.migrate` hands over, in its transaction."""

from alembic import context

from daycast.storage.sql.tables import VERSION_TABLE, Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
