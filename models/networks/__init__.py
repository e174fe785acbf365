"""The networks: their layers, how they are built, fitted, kept and loaded. The one room that imports Keras.

What a network is fitted on comes from :mod:`daycast.models.series`; how good it is, is told in the scores.
"""
