"""The entries of the ETTh1 benchmark and where their scores and forecasts are kept."""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daycast.storage.lake.folder import Folder
from daycast.storage.terms.pipeline import Pipeline

_DECIDES_NOTHING = {"predicts", "path", "url", "schedule", "retrain_schedule"}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One network of the benchmark.

    Attributes:
        spec: a pipeline on the ``ett`` feed; its name is the protocol and the horizon.
        seed: of the network.
        out: the folder that holds scores and forecasts.
        test: whether the test part is scored too; settings are chosen without.
    """

    spec: Pipeline
    seed: int
    out: str
    test: bool = True

    @property
    def seeded(self) -> Pipeline:
        """The pipeline with the entry's seed."""
        return self.spec.model_copy(update={"model": self.spec.model.model_copy(update={"seed": self.seed})})

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that are scored."""
        return ("validation", "test") if self.test else ("validation",)

    @property
    def asked(self) -> dict[str, Any]:
        """What decides the entry's figures, as JSON knows it: an entry kept with the same is not done again."""
        spec = self.seeded.model_dump(mode="json", exclude=_DECIDES_NOTHING)
        return {"spec": spec, "parts": list(self.parts)}

    def kept(self) -> dict[str, Any] | None:
        """The entry's figures, if it was done with these settings and all of its forecasts are there."""
        if not self._folder.exists(self._score_file):
            return None
        record = json.loads(self._folder.read(self._score_file))
        whole = all(self._folder.exists(self._forecasts_file(part)) for part in self.parts)
        return dict(record) if whole and self._of_now(record.get("asked")) == self.asked else None

    def _of_now(self, asked: Any) -> Any:
        """What decided an entry's figures, without the keys of other feeds that stood in it up to 0.1.0."""
        if not asked:
            return asked
        keys = self.asked["spec"]
        return {**asked, "spec": {key: value for key, value in asked["spec"].items() if key in keys}}

    def keep(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Keep the figures, last of all, and give what :meth:`kept` will."""
        whole = {"asked": self.asked, **record}
        self._folder.write(self._score_file, json.dumps(whole, indent=1).encode())
        return whole

    def keep_forecasts(self, part: str, forecasts: NDArray[np.float32]) -> str:
        """Keep forecasts, ``(windows, horizon, columns)`` float32, scaled, as ``.npy``; gives the file's SHA-256."""
        memory = io.BytesIO()
        np.save(memory, forecasts, allow_pickle=False)
        self._folder.write(self._forecasts_file(part), memory.getvalue())
        return hashlib.sha256(memory.getvalue()).hexdigest()

    def forecasts(self, part: str) -> NDArray[np.float32]:
        """The forecasts of a part."""
        memory = io.BytesIO(self._folder.read(self._forecasts_file(part)))
        return np.asarray(np.load(memory, allow_pickle=False))

    @property
    def _folder(self) -> Folder:
        return Folder(self.out)

    @property
    def _score_file(self) -> str:
        return f"{self.spec.name}-seed{self.seed}.json"

    def _forecasts_file(self, part: str) -> str:
        return f"{self.spec.name}-seed{self.seed}-{part}.npy"


def keep_result(out: str, result: Mapping[str, Any]) -> None:
    """Keep what the seeds of a protocol and horizon came to, as ``<name>.json``."""
    Folder(out).write(f"{result['name']}.json", json.dumps(result, indent=1).encode())
