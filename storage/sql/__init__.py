"""The database: tables and migrations, the upsert, locks, and a module for what is written to each table.

The one room that speaks SQL.
"""
