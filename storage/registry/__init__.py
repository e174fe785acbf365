"""Stored model versions: their files and manifests, what an archive may hold, how long versions stay.

Which version serves is a row in SQL.
"""
