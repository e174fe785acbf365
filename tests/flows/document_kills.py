"""Kill a run on documents at any of its writes, as ``kills.py`` kills one on values."""

from types import ModuleType

from tests import reviews, stories
from tests.flows.kills import Trial
from tests.places import Place


class LabelTrial(Trial):
    """A day of a pipeline that predicts labels."""

    of: ModuleType = reviews

    def _prepare(self, place: Place) -> None:
        self._define(place)
        if self.day.before:
            code = self._run(place, as_of=self.of.AS_OF, training=self.day.before, upkeep=False)
            assert code == 0, f"the run before ended with {code}"

    def _define(self, place: Place) -> None:
        reviews.write_reviews(place.root / "reviews.csv", reviews.reviews())
        place.define(base=reviews.TABLE, path=str(place.root / "reviews.csv"))

    def _run(self, place: Place, **asked: object) -> int:
        return super()._run(place, **{"as_of": self.of.LATER, **asked})  # type: ignore[arg-type]


class TextTrial(LabelTrial):
    """A day of a pipeline that predicts text."""

    of = stories

    def _define(self, place: Place) -> None:
        stories.write_pages(place.root / "pages", stories.pages())
        place.define(base=stories.TABLE, path=str(place.root / "pages"))
