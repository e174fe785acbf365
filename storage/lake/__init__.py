"""Parquet: the storage folder, observations, windows, predictions, and putting small files together.

What SQL readers see lives in :mod:`daycast.storage.sql`, model files in :mod:`daycast.storage.registry`.
"""
