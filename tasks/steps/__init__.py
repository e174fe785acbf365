"""The steps of a run, a module each; no step imports another.

What they hand each other lives in :mod:`daycast.tasks.handover`.
"""
