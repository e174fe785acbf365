"""What every flow needs while it runs: the clock, retries, and a note of what the run came to.

It is the one room that reads the clock.
"""
