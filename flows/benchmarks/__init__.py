"""The nightly job on many series, measured from outside: the commands that people run, and what their processes cost.

The networks' own benchmarks stand on the floor.
"""
