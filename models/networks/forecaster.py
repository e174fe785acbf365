"""A network with what it needs to forecast: fitting, predicting, saving, loading."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from daycast.models.networks.build import Frame
from daycast.models.networks.fitting import Epoch
from daycast.models.networks.kept import forward, in_blocks, load_network, save_network
from daycast.models.networks.members import fit_members, series_recipe
from daycast.models.series.differencing import Floats, undo
from daycast.models.series.gathering import gather
from daycast.models.series.inputs import network_inputs
from daycast.models.series.portion import Part
from daycast.models.series.scaling import Scaler, by_itself
from daycast.models.series.windows import Windows
from daycast.storage.terms.errors import DataError, RegistryError
from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.words import NETWORK, ForecasterName

CYCLE_CALENDAR = "cycle_calendar"
KNOWN = "known"

_LARGEST_FALL = -0.99
"""A step of ``percent`` is held above this: a price cannot lose all of itself."""


@dataclass(frozen=True, kw_only=True, eq=False)
class NetworkForecaster:
    """A trained network, its scaling and its differencing.

    Attributes:
        network: the Keras model.
        scaler: of every series it knows.
        shape: what it reads and gives: target, features, difference of each column, lookback, horizon, and the calendar
            of learned cycles.
        history: the epochs of the fit that made it; with several members, of each in turn.
        validation_loss: of the weights that were kept, in scaled units; with several members, their mean.
    """

    network: Any
    scaler: Scaler
    shape: Mapping[str, Any]
    history: tuple[Epoch, ...]
    validation_loss: float

    @property
    def name(self) -> ForecasterName:
        """Its name in the tables."""
        return NETWORK

    @classmethod
    def fit(
        cls,
        training: Part,
        validation: Part,
        *,
        spec: Pipeline,
        parent: "NetworkForecaster | None",
        on_epoch: Callable[[Epoch], None],
        expired: Callable[[], bool],
        scaler: Scaler | None = None,
    ) -> "NetworkForecaster":
        """Retrain, or fine-tune from a parent.

        The same windows, spec and seed give the same weights to the last bit in a fresh process on one machine: call
        it once a process.

        Args:
            training: the training part.
            validation: the validation part, which says when to stop and which weights are best.
            spec: the pipeline.
            parent: none to retrain; otherwise training goes on from its weights with its scaling, to which series that
                it lacks are added, for ``spec.training.fine_tune_epochs``.
            on_epoch: told of each pass.
            expired: asked every so many steps; once true, training ends and the best weights so far are kept.
            scaler: what :func:`scaler_of` gave for the same; by default it is asked.

        Raises:
            DataError: the loss is not a number.
        """
        tf.config.experimental.enable_op_determinism()
        shape = shape_of(spec)
        model = spec.model.model_copy(update={"epochs": spec.training.fine_tune_epochs} if parent else {})
        scaler = scaler or scaler_of(training, spec=spec, parent=parent)
        calendar = shape.get(CYCLE_CALENDAR)
        parts = gather([training, validation], scaler=scaler, calendar=calendar)
        del training, validation  # of no more use
        recipe = series_recipe(parts, model=model, frame=_frame(spec))
        network, fitted = fit_members(
            recipe,
            model=model,
            parent=parent.network if parent else None,
            on_epoch=on_epoch,
            expired=expired,
        )
        return cls(
            network=network,
            scaler=scaler,
            shape=shape,
            history=fitted.history,
            validation_loss=fitted.validation_loss,
        )

    def serves(self, windows: Windows) -> NDArray[np.bool_]:
        """Which windows it can predict: of series that it was trained on, and of others where it can do without.

        It cannot where it has learned cycles for each series, where it does not read what it forecasts, and where it
        reads what a feed says ahead, whose level no single window tells.
        """
        own = CYCLE_CALENDAR in self.shape or self.scaler.ahead_mean is not None
        if not own and self.shape["target"] in self.shape["features"]:
            return np.ones(len(windows), dtype=bool)
        return self._known(windows)

    def predict(self, windows: Windows) -> Floats:
        """Levels of the target, ``(n, horizon)`` float64.

        A series that it was not trained on is scaled by its own past: by what each window reads.

        Raises:
            DataError: a series is unknown to a network that cannot do without, or a forecast is not a finite number.
        """
        known = self._known(windows)
        if known.all() or not self.serves(windows).all():
            return self._predict(windows, scaler=self.scaler)
        levels = np.empty((len(windows), windows.horizon))
        levels[known] = self._predict(windows.where(known), scaler=self.scaler)
        alone = by_itself(windows.where(~known))
        target = self.shape["features"].index(self.shape["target"])
        levels[~known] = self._predict(alone, scaler=Scaler.fit(alone, target=target))
        return levels

    def _known(self, windows: Windows) -> NDArray[np.bool_]:
        return self.scaler.knows(windows)

    def _predict(self, windows: Windows, *, scaler: Scaler) -> Floats:
        inputs = network_inputs(windows, scaler=scaler, calendar=self.shape.get(CYCLE_CALENDAR))
        outputs = in_blocks(self._forward, inputs, gives=(self.shape["horizon"],))
        differences = scaler.differences(outputs, windows=windows)
        kind = self.shape["difference"][self.shape["target"]]
        if kind == "percent":
            differences = np.maximum(differences, _LARGEST_FALL)
        levels = undo(differences, base=windows.base, kind=kind)
        if not np.isfinite(levels).all():
            bad = windows.series[~np.isfinite(levels).all(axis=1)][0]
            raise DataError(f"Finite forecasts are required. Received: one of {bad} that is not. Retrain the network.")
        return levels

    def save(self, folder: Path) -> dict[str, Any]:
        """Write ``model.keras`` into a local folder.

        Returns:
            The rest of the state, as JSON knows it.
        """
        save_network(self.network, folder)
        return {
            "shape": dict(self.shape),
            "scaler": self.scaler.state(),
            "history": [asdict(epoch) for epoch in self.history],
            "validation_loss": self.validation_loss,
        }

    @classmethod
    def load(cls, folder: Path, state: Mapping[str, Any], *, spec: Pipeline) -> "NetworkForecaster":
        """Read what :meth:`save` wrote.

        Args:
            folder: a local folder with ``model.keras``.
            state: what :meth:`save` returned.
            spec: the pipeline that it shall forecast for.

        Raises:
            RegistryError: the file cannot be read, or the network reads or gives something else than the spec.
        """
        _require_shape(state["shape"], spec=spec)
        network = load_network(folder, reads=(None, spec.lookback, len(spec.features)), gives=(None, spec.horizon))
        return cls(
            network=network,
            scaler=Scaler.from_state(state["scaler"]),
            shape=state["shape"],
            history=tuple(Epoch(**epoch) for epoch in state["history"]),
            validation_loss=float(state["validation_loss"]),
        )

    @functools.cached_property
    def _forward(self) -> Any:
        return forward(self.network)


def scaler_of(training: Part, *, spec: Pipeline, parent: NetworkForecaster | None) -> Scaler:
    """The scaling of a network that is fitted on these windows: the parent's, where it goes on from one."""
    column = _restored_column(spec)
    return parent.scaler.extended(training, target=column) if parent else Scaler.fit(training, target=column)


def _frame(spec: Pipeline) -> Frame:
    return Frame(
        lookback=spec.lookback,
        features=len(spec.features),
        horizon=spec.horizon,
        target=spec.features.index(spec.target) if spec.target in spec.features else 0,
        series=len(spec.symbols),
        known=spec.known_width,
    )


def _restored_column(spec: Pipeline) -> int | None:
    """The column whose level or cycle is put back on the outputs, if one is."""
    restores = spec.model.normalization != "none" or spec.model.cycle
    return spec.features.index(spec.target) if restores else None


def shape_of(spec: Pipeline) -> dict[str, Any]:
    """What a network of this spec reads and gives, as JSON knows it."""
    cycles = {CYCLE_CALENDAR: spec.calendar} if spec.model.cycle else {}
    return {
        "target": spec.target,
        "features": list(spec.features),
        "difference": {column: spec.difference_of(column) for column in spec.columns},
        "lookback": spec.lookback,
        "horizon": spec.horizon,
        **cycles,
        **({KNOWN: list(spec.known)} if spec.known else {}),
    }


def _require_shape(held: Mapping[str, Any], *, spec: Pipeline) -> None:
    wanted = shape_of(spec)
    apart = [f"{key} {held.get(key)}" for key in wanted if held.get(key) != wanted[key]]
    if apart:
        needed = ", ".join(f"{key} {wanted[key]}" for key in wanted if held.get(key) != wanted[key])
        raise RegistryError(
            f"{spec.name}: a version with {needed} is required. Received: one with {', '.join(apart)}. Retrain."
        )
