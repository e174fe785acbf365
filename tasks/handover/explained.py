"""What moved a version's forecasts, as it travels from the process that predicts to the step that writes forecasts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from daycast.storage.terms.words import ForecasterName


@dataclass(frozen=True, kw_only=True)
class Explained:
    """What moved one version's forecast of one series.

    Attributes:
        version: the model version.
        forecaster: its network, or what was fitted beside it.
        series_id: the series.
        origin: from where it was forecast.
        effects: feature, newest and oldest step, and effect of each group of steps.
    """

    version: str
    forecaster: ForecasterName
    series_id: str
    origin: datetime
    effects: tuple[tuple[str, int, int, float], ...]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows of the table ``explanations`` and whose they are, without what the run adds to all of them."""
        shared = {key: getattr(self, key) for key in ("version", "forecaster", "series_id", "origin")}
        return [
            {**shared, "feature": feature, "step": step, "step_to": step_to, "effect": effect}
            for feature, step, step_to, effect in self.effects
        ]
