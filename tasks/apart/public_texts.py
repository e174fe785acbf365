"""The two public texts of the benchmarks, in the parts that the field cuts them into."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daycast.storage.terms.errors import ConfigError
from daycast.storage.terms.text import quote

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from daycast.models.text.vocabulary import Tokens, Vocabulary

Part = tuple[Sequence[str], Any]
"""Documents, and the numbers of their labels."""
HELD_OUT = 0.1
"""Share of the reviews for training, and of the characters before the test part, that settings are chosen on."""
TEST = 0.1
"""Share of the characters that are the test part: the last ones."""


def read_reviews(path: str, *, test: bool, most: int | None) -> dict[str, Part]:
    """The field's split; of the training reviews a tenth is for validation, of films that are not in the rest.

    No film is in both parts of the field's split. The data set numbers its reviews film by film: held out in any other
    order, validation flatters whoever has read the film's names in training, and tells nothing of the test part.

    Args:
        path: a Parquet file with ``split``, ``label``, ``text``, and ``document_id``, which ends in the review's number
            in the data set (``train-pos-4679``).
        test: whether the test part is read too.
        most: reviews of each part at most; none takes all.

    Raises:
        ConfigError: the file is not there, or is another one.
    """
    import pandas as pd

    try:
        frame = pd.read_parquet(path, columns=["split", "label", "text", "document_id"])
    except (OSError, ValueError, KeyError) as error:
        raise ConfigError(
            "A Parquet file with the columns split, label, text and document_id is required. Received: "
            f"{path}: {type(error).__name__}: {quote(str(error))}."
        ) from None
    training, last = (_first(frame[frame["split"] == part], most) for part in ("train", "test"))
    training = training.iloc[_numbers(training, path).argsort(kind="stable")]
    edge = len(training) - round(HELD_OUT * len(training))
    if not edge or edge == len(training) or training["label"].nunique() != 2:
        raise ConfigError(f"Reviews of two labels with split = 'train' are required. Received: {len(training)}.")
    parts = {"training": training[:edge], "validation": training[edge:]}
    return {name: _part(rows) for name, rows in (parts | {"test": last} if test else parts).items()}


def _numbers(rows: pd.DataFrame, path: str) -> NDArray[np.int64]:
    import numpy as np

    told = rows["document_id"].astype(str).str.extract(r"(\d+)$")[0]
    if told.isna().any():
        raise ConfigError(
            "A document_id that ends in the review's number is required. Received: "
            f"{quote(str(rows['document_id'][told.isna()].iloc[0]))} in {path}."
        )
    return np.asarray(told.astype("int64"))


def _part(rows: pd.DataFrame) -> Part:
    return rows["text"].tolist(), rows["label"].to_numpy(dtype="int64")


def _first(rows: pd.DataFrame, most: int | None) -> pd.DataFrame:
    return rows if most is None else rows.head(most)


def read_characters(path: str, *, test: bool, most: int | None) -> tuple[dict[str, Tokens], Vocabulary]:
    """The last tenth is the test part, the tenth of the rest before it validation; what is known is of training.

    Args:
        path: a text file.
        test: whether the test part is read too.
        most: characters at most; none takes all.

    Raises:
        ConfigError: the file is not there, or is no UTF-8 text.
    """
    from daycast.models.text.vocabulary import Vocabulary

    try:
        text = Path(path).read_text(encoding="utf-8")[:most]
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"A UTF-8 text file is required. Received: {path}: {error}.") from None
    last = len(text) - round(TEST * len(text))
    edge = last - round(HELD_OUT * last)
    known = Vocabulary.fit([text[:edge]], kind="character")
    texts = {"training": text[:edge], "validation": text[edge:last]} | ({"test": text[last:]} if test else {})
    return {part: known.encode(each) for part, each in texts.items()}, known
