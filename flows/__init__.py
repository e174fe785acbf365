"""WHEN: order, schedule, retries, the clock and the command line. The flows stand here."""
