"""A search of a pipeline's settings: its study, which goes on where it was left, and its trials.

The trials themselves run in processes of their own, in ``tasks/apart``; what may be tried is said in ``models/tuning``.
"""
