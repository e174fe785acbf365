"""WHEN: order, schedule, retries, concurrency, the clock and the command line."""
