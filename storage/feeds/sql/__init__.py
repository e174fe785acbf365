"""The ``sql`` feed: any database that SQLAlchemy knows; it reads, and writes nothing."""
