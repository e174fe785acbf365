"""Yahoo's chart endpoint: its session, its answers, and the feed that asks for them."""
