"""HOW: arrays and frames in, arrays and frames out; no files, no database, no clock."""

import os

# TensorFlow has oneDNN on by default on some processors only; on all it multiplies small matrices faster, and keeps
# large blocks of memory instead of giving them back after each step. TensorFlow reads it when it is loaded: set here,
# it is the same whichever module loads it, and so are a network's weights.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
# Whatever a user's environment or keras.json says for work of their own: networks here are TensorFlow's.
os.environ["KERAS_BACKEND"] = "tensorflow"
