"""Load what networks need, in whichever process it is that fits or asks one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daycast.storage.terms.network import ModelSpec


def load(model: ModelSpec | None = None) -> None:
    """Import Keras and TensorFlow, and keep TensorFlow from telling of itself on the way.

    Args:
        model: the network that the process will train, which the process is suited to; none where it trains none yet.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from daycast.models.networks.backend import load_keras, share_cores

    load_keras()
    if model is not None:
        share_cores(model)
