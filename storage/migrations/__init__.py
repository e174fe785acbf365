"""The migrations of the tables, run from code by :mod:`storage.schema`; SQLite and PostgreSQL alike."""
