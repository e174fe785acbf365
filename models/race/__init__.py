"""Who stands in the race and who wins it: baselines, the contest, the choice of what serves and when to retrain.

Errors are measured in :mod:`daycast.models.scores`.
"""
