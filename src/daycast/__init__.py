"""Scheduled batch forecasting; the four floors stand at the top of the tree, and are linked here under one name."""
