"""Imported by the process of which those that train are forks: Keras, and what else they import.

Nothing is computed here. TensorFlow has no thread of its own until it computes, and a fork of a process without threads
is as good as a fresh one.
"""

import os
import signal

# Ctrl-C is for whoever asks; a process that works for it is ended by it. The forks go on ignoring it.
signal.signal(signal.SIGINT, signal.SIG_IGN)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from daycast.models.networks.backend import load_keras  # noqa: E402 — after what TensorFlow reads when it is loaded

load_keras()

import daycast.models.networks.forecaster  # noqa: E402
import daycast.models.race.retraining  # noqa: E402
import daycast.models.series.material  # noqa: E402
import daycast.storage.calendars  # noqa: E402
import daycast.storage.lake.predictions  # noqa: E402
import daycast.storage.lake.windows  # noqa: E402
import daycast.storage.registry.store  # noqa: E402
import daycast.storage.sql.versions  # noqa: E402
import daycast.tasks.apart.predicting  # noqa: E402
import daycast.tasks.apart.training  # noqa: E402, F401
