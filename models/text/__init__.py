"""Where documents become tokens, and networks that classify or continue them will live.

Series of numbers live in :mod:`daycast.models.series`; layers that both use, in :mod:`daycast.models.networks`.
"""
