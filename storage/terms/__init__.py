"""The words that everything shares: column names, keys, errors, and what a pipeline and its network are made of.

Imports nothing else of storage, and no library but pydantic. It is all that models may see of storage.
"""
