"""Imported by the process of which those that train are forks: Keras, and what else they import.

Nothing is computed here. TensorFlow has no thread of its own until it computes, and a fork of a process without threads
is as good as a fresh one.
"""

import gc
import importlib
import os
import signal

from daycast.tasks.apart.preload import importing

_MODULES = (
    "daycast.models.networks.forecaster",
    "daycast.models.race.retraining",
    "daycast.models.series.columns",
    "daycast.models.series.material",
    "daycast.storage.calendars",
    "daycast.storage.lake.predictions",
    "daycast.storage.lake.windows",
    "daycast.storage.registry.store",
    "daycast.storage.sql.versions",
    "daycast.tasks.apart.predicting",
    "daycast.tasks.apart.training",
)

# Ctrl-C is for whoever asks; a process that works for it is ended by it. The forks go on ignoring it.
signal.signal(signal.SIGINT, signal.SIG_IGN)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
with importing():
    importlib.import_module("daycast.models.networks.backend").load_keras()
    for _name in _MODULES:
        importlib.import_module(_name)
gc.freeze()  # what is here stays, and no fork looks through it again
