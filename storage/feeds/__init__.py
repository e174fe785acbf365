"""Where observations come from: a module or a folder a feed, and the catalog that names them.

A feed judges answers; rows are judged by :mod:`daycast.storage.intake`.
"""
