"""What a run and its pipeline are shown as: the report, the pages and their templates.

Pictures are drawn in ``daycast.models.pictures``.
"""
