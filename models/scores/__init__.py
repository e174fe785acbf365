"""How good forecasts are: metrics, intervals and their coverage, live accuracy, the field's protocol.

Who serves for it is decided in :mod:`daycast.models.race`.
"""
