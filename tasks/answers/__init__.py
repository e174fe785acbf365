"""What commands ask of the lake and of SQL, read and never written.

Steps of a run do not live here.
"""
