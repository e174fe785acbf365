"""The migrations of the tables, run from code by :mod:`daycast.storage.sql.migrate`; SQLite and PostgreSQL alike."""
