"""Series as arrays: put on their calendar, differenced, cut into windows and parts, scaled.

Networks and scores live in their own rooms; nothing here knows Keras.
"""
