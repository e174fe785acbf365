"""What a pipeline on text says of its files, on the ``files`` feed."""

from pydantic import Field

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


class LabelFiles(DocumentKeys, LabelsPipeline):
    """A pipeline that predicts labels, on the ``files`` feed.

    Attributes:
        label: the column of their labels, empty where one is not known yet.
        labelled_at: the column of when their labels became known; without one, a label counts from when its document
            was published, or where that had come without it, from when it came.
    """

    label: OneLine = Field(default="label", min_length=1)
    labelled_at: OneLine | None = None


class TextFiles(DocumentKeys, TextPipeline):
    """A pipeline that predicts text, on the ``files`` feed.

    Attributes:
        path: of a text file; of several, in the order in which the text goes on; of a folder of them, in the order of
            their names; or of a CSV or Parquet file with a row a document, in the order of their times.
    """

    path: OneLine | tuple[OneLine, ...] = Field(min_length=1)  # type: ignore[assignment]
