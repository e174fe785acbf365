"""Train and score one trial of the text benchmarks, and keep its scores and what it told; no database, no Prefect."""

from __future__ import annotations

import hashlib
import io
import json
import resource
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from daycast.storage.terms.trial import Trial
from daycast.tasks.apart.networks import load
from daycast.tasks.apart.public_texts import read_characters, read_reviews

if TYPE_CHECKING:
    import numpy as np

    from daycast.models.networks.fitting import Epoch


@dataclass(frozen=True, kw_only=True)
class Sitting:
    """One trial with one seed.

    Attributes:
        trial: the network and its text.
        seed: of the network.
        data: the file.
        out: the folder of scores and of what was told.
        test: whether the test part is read too; settings are chosen without.
        most: reviews of each part, or characters, at most; none takes all.
    """

    trial: Trial
    seed: int
    data: str
    out: str
    test: bool = True
    most: int | None = None

    @property
    def name(self) -> str:
        """What its files begin with."""
        few = "" if self.most is None else f"-{self.most}"
        return f"{self.trial.name}{few}-seed{self.seed}"

    @property
    def asked(self) -> dict[str, Any]:
        """What decides its figures, as JSON knows it."""
        kept = {"seed": self.seed, "test": self.test, "most": self.most}
        return {**kept, "trial": self.trial.model_dump(mode="json")}


def kept(sitting: Sitting) -> dict[str, Any] | None:
    """Its figures, if it was done with these settings before."""
    from daycast.storage.lake.folder import Folder

    folder = Folder(sitting.out)
    if not folder.exists(f"{sitting.name}.json"):
        return None
    record = json.loads(folder.read(f"{sitting.name}.json"))
    return dict(record) if record.get("asked") == sitting.asked else None


def sit(sitting: Sitting) -> dict[str, Any]:
    """Train, score and keep one; to be run in a process of its own, as its memory and processor time are measured.

    Raises:
        ConfigError: the file is not there, or is not the public one.
        DataError: a loss is not a number.
    """
    model = sitting.trial.model.model_copy(update={"seed": sitting.seed})
    load(model)
    began, processor = time.monotonic(), time.process_time()
    found, epochs = (_reviews if sitting.trial.data == "imdb" else _characters)(sitting, model, began)
    record = {
        "asked": sitting.asked,
        **found,
        "epochs": [asdict(epoch) for epoch in epochs],
        "seconds": round(time.monotonic() - began, 1),
        "processor_seconds": round(time.process_time() - processor, 1),
        "peak_memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    for name, picture in _curves(sitting.name, epochs):
        _folder(sitting).write(f"{sitting.name}-{name}.svg", picture)
    _folder(sitting).write(f"{sitting.name}.json", json.dumps(record, indent=1).encode())
    return record


def _reviews(sitting: Sitting, model: Any, began: float) -> tuple[dict[str, Any], Sequence[Epoch]]:
    from daycast.models.networks.labeller import Labeller
    from daycast.models.race.labelling import hold_labels
    from daycast.models.text.linear import Linear
    from daycast.models.text.majority import Majority
    from daycast.models.text.vocabulary import Vocabulary

    parts = read_reviews(sitting.data, test=sitting.test, most=sitting.most)
    training, validation = parts["training"], parts["validation"]
    trial = sitting.trial
    known = Vocabulary.fit(training[0], kind="word", size=trial.vocabulary)
    network = Labeller.fit(
        [training, validation],
        model=model,
        vocabulary=known,
        length=trial.length,
        on_epoch=_noted(sitting),
        expired=_expired(trial, began),
    )
    linear = Linear.fit(training, validation, vocabulary=Vocabulary.fit(training[0], kind="word", size=2 * len(known)))
    majority = Majority.fit(training[1], labels=2)
    told = {
        part: {
            "majority": majority.predict(len(texts)),
            "linear": linear.predict(texts),
            "network": network.predict(texts),
        }
        for part, (texts, _) in parts.items()
        if part != "training"
    }
    held = hold_labels({part: (each, parts[part][1]) for part, each in told.items()}, margin=0.0)  # type: ignore[misc]
    last = list(told)[-1]
    files = {name: _keep(sitting, f"{last}-{name}", each) for name, each in held.tellers.apply(told[last]).items()}  # type: ignore[arg-type]
    return {
        "served": held.tellers.served,
        "share": held.tellers.share,
        "scores": held.scores,
        "files": files,
    }, network.history


def _characters(sitting: Sitting, model: Any, began: float) -> tuple[dict[str, Any], Sequence[Epoch]]:
    from daycast.models.networks.language import LanguageNetwork
    from daycast.models.race.writing import hold_texts, score_all
    from daycast.models.text.ngram import NGram

    parts, known = read_characters(sitting.data, test=sitting.test, most=sitting.most)
    network = LanguageNetwork.fit(
        [parts["training"], parts["validation"]],
        model=model,
        vocabulary=known,
        lookback=sitting.trial.lookback,
        on_epoch=_noted(sitting),
        expired=_expired(sitting.trial, began),
    )
    ngram = NGram.fit(parts["training"], parts["validation"], size=len(known))
    nats = {
        part: {
            "unigram": ngram.unigram.nats(numbers)[1:],
            "ngram": ngram.nats(numbers)[1:],
            "network": network.nats(numbers),
        }
        for part, numbers in parts.items()
        if part != "training"
    }
    counted: dict[str, Any] = {part: (each, len(parts[part]) - 1) for part, each in nats.items()}
    held = hold_texts({"validation": counted["validation"]}, margin=0.0)
    scores = {part: score_all(each, characters=characters) for part, (each, characters) in counted.items()}
    last = list(nats)[-1]
    means = {part: {name: float(each.mean()) for name, each in found.items()} for part, found in nats.items()}
    files = {name: _keep(sitting, f"{last}-{name}", each) for name, each in nats[last].items()}
    found = {"served": held.served, "order": ngram.order, "nats": means, "scores": scores, "files": files}
    return found, network.history


def _noted(sitting: Sitting) -> Callable[[Epoch], None]:
    """Keeps the epochs done so far where whoever waits can look."""
    done: list[dict[str, Any]] = []

    def note(epoch: Epoch) -> None:
        done.append(asdict(epoch))
        _folder(sitting).write(f"{sitting.name}-epochs.json", json.dumps(done, indent=1).encode())

    return note


def _curves(title: str, epochs: Sequence[Epoch]) -> Iterator[tuple[str, bytes]]:
    """Loss and, of labels, accuracy by epoch, as SVG."""
    from daycast.models.pictures.label_plots import draw_accuracy
    from daycast.models.pictures.plots import draw_losses

    losses, validation = tuple(each.loss for each in epochs), tuple(each.validation_loss for each in epochs)
    yield "loss", draw_losses(losses, validation, title=title, unit="nats")
    shares = [(each.accuracy, each.validation_accuracy) for each in epochs]
    known = [(ours, theirs) for ours, theirs in shares if ours is not None and theirs is not None]
    if known:
        yield "accuracy", draw_accuracy(*zip(*known, strict=True), title=title)


def _expired(trial: Trial, began: float) -> Callable[[], bool]:
    return lambda: time.monotonic() - began > trial.time_budget_seconds


def _keep(sitting: Sitting, what: str, values: np.ndarray) -> Mapping[str, str]:
    """Keep what was told of the last part, so that anyone can score it again; gives the file and its SHA-256."""
    import numpy as np

    memory = io.BytesIO()
    np.save(memory, values.astype(np.float32), allow_pickle=False)
    name = f"{sitting.name}-{what}.npy"
    _folder(sitting).write(name, memory.getvalue())
    return {"file": name, "sha256": hashlib.sha256(memory.getvalue()).hexdigest()}


def _folder(sitting: Sitting) -> Any:
    from daycast.storage.lake.folder import Folder

    return Folder(sitting.out)
