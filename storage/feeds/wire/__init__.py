"""How feeds ask over a network: one session with timeouts and retries, a deadline, limits of size.

What an answer means is each feed's own.
"""
