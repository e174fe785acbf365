"""daycast beside what a user would pick instead, on the same windows and origins.

``alone.py`` runs in an environment of its own, which has the peers and no daycast; the others never import a peer.
"""
