"""A pipeline that predicts labels of documents."""

from typing import ClassVar, Literal

from pydantic import Field

from daycast.storage.terms.any_pipeline import AnyPipeline
from daycast.storage.terms.rules import LiveRules
from daycast.storage.terms.text_model import TextModelSpec


class LabelRules(LiveRules):
    """The rules of a pipeline that predicts labels, beside those of every pipeline.

    Attributes:
        min_accuracy: live accuracy below which the next run retrains, of the labels that ``min_skill`` looks at.
    """

    looking_back: ClassVar[tuple[str, ...]] = ("min_skill", "min_accuracy")

    min_accuracy: float | None = Field(default=None, gt=0, lt=1)


class LabelsPipeline(AnyPipeline):
    """Documents that arrive, some of which are labelled later, and what their labels probably are.

    Attributes:
        length: words read of a document; of a longer one its beginning and its end.
        vocabulary: words that the network knows at most, the most frequent ones of the training documents; the
            regression knows twice as many.
    """

    predicts: Literal["labels"]
    length: int = Field(default=400, gt=0, le=100_000)
    vocabulary: int = Field(default=30_000, gt=3, le=1_000_000)
    model: TextModelSpec = TextModelSpec()
    training: LabelRules = LabelRules()

    def as_sample(self) -> "LabelsPipeline":
        """The same pipeline on generated data, under a name that says so."""
        return self._sampled(LabelsPipeline, real=("split",))
