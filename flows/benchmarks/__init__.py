"""What ``daycast benchmark`` measures: networks as the field measures its own, and the nightly job on many series.

The tables of their networks lie beside the other pipeline files, in ``flows/``.
"""
