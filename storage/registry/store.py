"""The files of the model versions, ``<storage>/models/<pipeline>/<version>/``.

A version appears whole and never changes. ``manifest.json`` gives the SHA-256 of each of its files; the SHA-256 of the
manifest itself stands in SQL, so that one row vouches for everything below it.
"""

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from daycast.storage.lake.folder import Folder, scratch
from daycast.storage.registry.keras_archive import check_keras_archive, content_hash
from daycast.storage.registry.manifest import Manifest, version_name
from daycast.storage.terms.errors import ModelFileError, RegistryError, StorageError

__all__ = ["MANIFEST", "Manifest", "Registry", "Saved", "Verification", "version_name"]

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Saved:
    """Where a version lies, and the SHA-256 of its manifest."""

    uri: str
    sha256: str


@dataclass(frozen=True)
class Verification:
    """One file of one version held against its manifest.

    Attributes:
        pipeline: whose version.
        version: which.
        file: its name.
        ok: whether it is as it was written.
        expected: the SHA-256 in the manifest; none for a file that it does not name.
        received: the SHA-256 of the file; none for a file that is missing.
    """

    pipeline: str
    version: str
    file: str
    ok: bool
    expected: str | None
    received: str | None


class Registry:
    """The versions' files.

    Args:
        folder: ``<storage>/models``.

    Raises:
        StorageError: from every method, where the folder cannot be read or written, or a name leads out of it.
    """

    def __init__(self, folder: Folder) -> None:
        self.folder = folder

    def save(self, source: Path, manifest: Manifest) -> Saved:
        """Publish a local folder's files as a version, whole; one that is there already is left as it is.

        Args:
            source: ``model.keras`` and what else belongs to the version; left as it is.
            manifest: without ``content`` and ``files``, which are filled in.

        Returns:
            Where it lies, and its manifest's SHA-256.

        Raises:
            RegistryError: the version is there already with other content, or there are no files.
            ModelFileError: a ``.keras`` file holds what it may not.
        """
        with scratch() as staged:
            whole = _stage(source, staged, manifest)
            self._publish(staged, whole)
        stored = self.manifest(whole.pipeline, whole.version)
        if stored.content != whole.content:
            raise RegistryError(
                f"A version never changes: {whole.pipeline} {whole.version} is stored. Received: one of that name with "
                f"other content in {', '.join(_differing(stored.content, whole.content))}. "
                "Remove the stored one, or change what names it (as_of, spec, seed, data)."
            )
        return self.saved(whole.pipeline, whole.version)

    def exists(self, pipeline: str, version: str) -> bool:
        """Whether the version is there, whole."""
        return self._of(pipeline, version).exists(MANIFEST)

    def manifest(self, pipeline: str, version: str, *, sha256: str | None = None) -> Manifest:
        """A version's manifest.

        Args:
            pipeline: whose version.
            version: which.
            sha256: what the manifest's SHA-256 must be, as SQL has it; by default any.

        Raises:
            RegistryError: there is no such version, or its manifest is not one that this daycast understands.
            ModelFileError: the manifest is another one than SQL vouches for, or that of another version.
        """
        data = self._manifest_bytes(pipeline, version)
        received = hashlib.sha256(data).hexdigest()
        if sha256 is not None and received != sha256:
            raise _altered(pipeline, version, MANIFEST, expected=sha256, received=received)
        try:
            manifest = Manifest.model_validate_json(data)
        except ValidationError as error:
            raise RegistryError(
                f"A manifest that this daycast understands is required. Received: {pipeline} {version}: "
                f"{error.error_count()} problems, the first: {error.errors()[0]['loc']} {error.errors()[0]['msg']}. "
                "Roll back to another version, or upgrade daycast."
            ) from None
        if (manifest.pipeline, manifest.version) != (pipeline, version):
            raise ModelFileError(
                f"The manifest of {pipeline} {version} is required. "
                f"Received: that of {manifest.pipeline} {manifest.version}. {_REMEDY}"
            )
        return manifest

    def saved(self, pipeline: str, version: str) -> Saved:
        """Where a stored version lies, and its manifest's SHA-256.

        Raises:
            RegistryError: there is no such version.
        """
        data = self._manifest_bytes(pipeline, version)
        return Saved(uri=self._of(pipeline, version).url, sha256=hashlib.sha256(data).hexdigest())

    @contextmanager
    def fetch(self, pipeline: str, version: str, *, sha256: str | None = None) -> Iterator[Path]:
        """A version's files in a local folder that lives as long as the block, each verified there.

        Args:
            pipeline: whose version.
            version: which.
            sha256: what the manifest's SHA-256 must be, as SQL has it; by default any.

        Raises:
            RegistryError: there is no such version.
            ModelFileError: a file is missing, is not as it was written, or is a ``.keras`` file that holds code.
        """
        manifest = self.manifest(pipeline, version, sha256=sha256)
        stored = self._of(pipeline, version)
        with scratch() as local:
            for name, expected in manifest.files.items():
                _check_file_name(name)
                data = stored.read(name) if stored.exists(name) else None
                received = None if data is None else hashlib.sha256(data).hexdigest()
                if data is None or received != expected:
                    raise _altered(pipeline, version, name, expected=expected, received=received)
                (local / name).write_bytes(data)
            _check_archives(local)
            (local / MANIFEST).write_bytes(self._manifest_bytes(pipeline, version))
            yield local

    def check(self, pipeline: str, version: str, *, sha256: str | None = None) -> None:
        """Verify a version's files as :meth:`fetch` does, and leave them where they are.

        Raises:
            RegistryError: there is no such version.
            ModelFileError: as of :meth:`fetch`.
        """
        with self.fetch(pipeline, version, sha256=sha256):
            pass

    def versions(self, pipeline: str) -> list[str]:
        """The versions there are, oldest first."""
        return (self.folder / pipeline).names()

    def pipelines(self) -> list[str]:
        """The pipelines that have versions."""
        return self.folder.names()

    def verify(
        self, pipeline: str | None = None, *, recorded: Mapping[tuple[str, str], str] | None = None
    ) -> list[Verification]:
        """Hash every stored file again; missing and extra files are told too.

        Args:
            pipeline: only of this one.
            recorded: the manifests' SHA-256 by (pipeline, version), as SQL has them; a version that stands there and
                not here is told as one whose manifest is missing.
        """
        recorded = {key: value for key, value in (recorded or {}).items() if pipeline in {None, key[0]}}
        names = self.pipelines() if pipeline is None else [pipeline]
        stored = {(name, version) for name in names for version in self.versions(name)}
        return [found for key in sorted(stored | recorded.keys()) for found in self._verify(*key, recorded.get(key))]

    def remove(self, pipeline: str, version: str) -> None:
        """Remove a version's files; nothing happens where there are none."""
        (self.folder / pipeline).remove(version)

    def _of(self, pipeline: str, version: str) -> Folder:
        return self.folder / pipeline / version

    def _manifest_bytes(self, pipeline: str, version: str) -> bytes:
        stored = self._of(pipeline, version)
        if not stored.exists(MANIFEST):
            raise RegistryError(
                f"A stored model version is required. Received: {pipeline} {version}, of which there is no {MANIFEST} "
                f"in {stored.url}. See the versions with: daycast models list {pipeline}"
            )
        return stored.read(MANIFEST)

    def _publish(self, staged: Path, manifest: Manifest) -> None:
        """Put the version in place; another process may have done so a moment ago."""
        try:
            (self.folder / manifest.pipeline).publish(staged, manifest.version)
        except StorageError:
            if not self.exists(manifest.pipeline, manifest.version):
                raise

    def _verify(self, pipeline: str, version: str, recorded: str | None) -> list[Verification]:
        stored = self._of(pipeline, version)
        received = {name: hashlib.sha256(stored.read(name)).hexdigest() for name in stored.names()}
        manifest = received.pop(MANIFEST, None)
        try:
            expected = self.manifest(pipeline, version, sha256=recorded).files
        except RegistryError:
            return [Verification(pipeline, version, MANIFEST, ok=False, expected=recorded, received=manifest)]
        files = sorted(expected.keys() | received.keys())
        return [
            Verification(pipeline, version, MANIFEST, ok=True, expected=recorded or manifest, received=manifest),
            *(_verification(pipeline, version, name, expected.get(name), received.get(name)) for name in files),
        ]


_REMEDY = (
    "It is not loaded. Restore it from a backup, or let another version serve: daycast models rollback; "
    "see them all with: daycast models verify"
)


def _stage(source: Path, staged: Path, manifest: Manifest) -> Manifest:
    """Copy a version's files beside the manifest that names them."""
    names = sorted(path.name for path in source.iterdir() if path.name != MANIFEST)
    if not names:
        raise RegistryError(f"A folder with a version's files is required. Received: {source}, which has none.")
    for name in names:
        shutil.copyfile(source / name, staged / name)
    _check_archives(staged)
    content = {name: content_hash(staged / name) for name in names}
    files = {name: hashlib.sha256((staged / name).read_bytes()).hexdigest() for name in names}
    whole = manifest.model_copy(update={"content": content, "files": files})
    (staged / MANIFEST).write_text(whole.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return whole


def _check_archives(folder: Path) -> None:
    for path in folder.glob("*.keras"):
        check_keras_archive(path)


def _check_file_name(name: str) -> None:
    if Path(name).name != name or "\\" in name or name in {"", "..", MANIFEST}:
        raise ModelFileError(f"A plain file name is required in a manifest. Received: {name!r}. {_REMEDY}")


def _differing(stored: Mapping[str, str], given: Mapping[str, str]) -> list[str]:
    return sorted(name for name in stored.keys() | given.keys() if stored.get(name) != given.get(name))


def _altered(pipeline: str, version: str, file: str, *, expected: str, received: str | None) -> ModelFileError:
    return ModelFileError(
        f"{file} of {pipeline} {version} must have the SHA-256 {expected}. "
        f"Received: {received or 'no such file'}. {_REMEDY}"
    )


def _verification(pipeline: str, version: str, file: str, expected: str | None, received: str | None) -> Verification:
    return Verification(pipeline, version, file, ok=expected == received, expected=expected, received=received)
