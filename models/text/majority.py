"""The forecast of a label that reads nothing: how frequent each was in training."""

from dataclasses import dataclass

import numpy as np

from daycast.models.scores.labels import Codes, Probabilities
from daycast.storage.terms.errors import DataError


@dataclass(frozen=True)
class Majority:
    """Labels' shares among the training documents.

    Attributes:
        shares: by label's number; their sum is 1.
    """

    shares: tuple[float, ...]

    @classmethod
    def fit(cls, actual: Codes, *, labels: int) -> "Majority":
        """Count the labels of the training documents.

        Raises:
            DataError: not every label is among them, or there is only one.

        >>> Majority.fit(np.array([0, 1, 1, 1]), labels=2)
        Majority(shares=(0.25, 0.75))
        """
        counts = np.bincount(actual, minlength=labels)
        if labels < 2 or not counts.all():
            raise DataError(
                f"Training documents of at least two labels are required. Received: {int((counts > 0).sum())} of "
                f"{labels} labels among {len(actual)}. Look at the label column, and at how time splits the documents."
            )
        return cls(shares=tuple((counts / counts.sum()).tolist()))

    def predict(self, documents: int) -> Probabilities:
        """The same for every document, ``(documents, labels)``."""
        return np.tile(np.array(self.shares), (documents, 1))
