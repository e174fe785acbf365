"""What the daily flow does for each kind of pipeline: the steps in their order, chosen by what the pipeline predicts.

What every run shares, its lock, its row, its end, is in :mod:`daycast.flows.daily`.
"""
