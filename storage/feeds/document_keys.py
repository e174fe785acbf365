"""What a pipeline on text says of its files, on the ``files`` feed."""

from typing import Self

from pydantic import Field, model_validator

from daycast.storage.terms.encoding_name import EncodingName
from daycast.storage.terms.frozen import Frozen
from daycast.storage.terms.labels_pipeline import LabelsPipeline
from daycast.storage.terms.text_pipeline import TextPipeline
from daycast.storage.terms.values import OneLine, ZoneName


class DocumentKeys(Frozen):
    """Where documents are, and what is what in a table of them.

    Attributes:
        path: of a CSV or Parquet file with a row a document, or of a folder of text files: each one's name is its key,
            and its last change its time. It counts from the folder in which daycast runs.
        document: the column of the documents' keys.
        text: the column of their texts.
        time: the column of when they were published.
        timezone: of times that bear none.
        encoding: of a CSV or of text files.
    """

    path: OneLine = Field(min_length=1)
    document: OneLine = Field(default="document_id", min_length=1)
    text: OneLine = Field(default="text", min_length=1)
    time: OneLine = Field(default="published_at", min_length=1)
    timezone: ZoneName = "UTC"
    encoding: EncodingName = "utf-8"

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path."""
        return (self.path,)


class LabelFiles(DocumentKeys, LabelsPipeline):
    """A pipeline that predicts labels, on the ``files`` feed.

    Attributes:
        label: the column of their labels, empty where one is not known yet.
        labelled_at: the column of when their labels became known; without one, a label counts from when its document
            was published, or where that had come without it, from when it came.
    """

    label: OneLine = Field(default="label", min_length=1)
    labelled_at: OneLine | None = None


_TABLES = (".csv", ".parquet", ".pq")


class TextFiles(DocumentKeys, TextPipeline):
    """A pipeline that predicts text, on the ``files`` feed.

    Attributes:
        path: of a text file; of several, in the order in which the text goes on; of a folder of them, in the order of
            their names; or of a CSV or Parquet file with a row a document, in the order of their times, each on lines
            of its own.
    """

    path: OneLine | tuple[OneLine, ...] = Field(min_length=1)  # type: ignore[assignment]

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path, in their order."""
        return (self.path,) if isinstance(self.path, str) else self.path

    @property
    def of_files(self) -> bool:
        """Whether the text is that of files, in their order, and not of a table's rows."""
        return not any(path.lower().endswith(_TABLES) for path in self.paths)

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        if not self.of_files and not all(path.lower().endswith(_TABLES) for path in self.paths):
            raise ValueError(f"paths of text files or of tables ({', '.join(_TABLES)}), not of both, are required")
        return self
