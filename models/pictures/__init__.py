"""Plots, and what is drawn in them. Pages and templates lie in ``daycast.storage.reports``."""
