"""Rows from text and from Parquet: columns, times, numbers, and answers that are no data at all.

Which of the rows can be used is judged by :mod:`daycast.storage.intake`.
"""
