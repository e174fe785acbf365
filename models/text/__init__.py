"""Where documents become tokens, and what classifies or continues them without a network: counts and a regression.

Series of numbers live in :mod:`daycast.models.series`; networks, of both, in :mod:`daycast.models.networks`.
"""
