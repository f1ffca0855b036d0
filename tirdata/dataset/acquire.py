"""The original bytes of a source into the dataset: downloaded or linked, hashed, looked at.

Until a recording has its number they lie in a hidden folder under ``recordings/``, which is where
a stopped download goes on.
"""

import shutil
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from tirdata import __version__
from tirdata.config import to_json
from tirdata.dataset.card import Source
from tirdata.dataset.tree import Dataset
from tirdata.decode import open_frames
from tirdata.errors import DecodeError, FetchError, UsageError
from tirdata.fetch.base import Fetched, Listing, write_note
from tirdata.fetch.licence import check_licence
from tirdata.fetch.local import check_local, take_local
from tirdata.fetch.settings import FetchConfig
from tirdata.fetch.wanted import Wanted
from tirdata.files import storage_error, write_text

DOWNLOAD_FOLDER = ".download-"  # holds what a stopped download goes on with
LINK_FOLDER = ".link-"


class Errand(NamedTuple):
    """A source to get the bytes of; small, for engines to send."""

    root: Path
    wanted: Wanted
    settings: FetchConfig

    @property
    def name(self) -> str:
        """The link or the path."""
        return self.wanted.name

    @property
    def folder(self) -> Path:
        """Where the bytes lie until the recording has its number."""
        return _folder(self.root, self.wanted)


def acquire(errand: Errand) -> Fetched | Listing:
    """Get the bytes of one source and see that they are a recording; or list what it names.

    Raises:
        UsageError: there is no such file.
        DataError: it is no recording, or one that cannot be taken.
        FetchError: no file came of a link, or the licence is not wanted.
        StorageError: the bytes cannot be written.
    """
    wanted, settings = errand.wanted, errand.settings
    if wanted.url is None:
        path = Path(wanted.name)
        check_local(path)
        check_licence(wanted.name, wanted.licence, settings.licences)
        _look_at(path, wanted.name)
        return take_local(path, errand.folder, keep=settings.keep)
    from tirdata.fetch.download import download  # noqa: PLC0415  # yt-dlp, for links only

    try:
        fetched = download(wanted, errand.folder, settings)
    except (FetchError, UsageError):
        _remove_if_empty(errand.folder)
        raise
    if isinstance(fetched, Listing):
        forget(errand)
        return fetched
    try:
        _look_at(fetched.file, wanted.name)
    except DecodeError:
        forget(errand)
        raise
    return fetched


def enlist(dataset: Dataset, errand: Errand, fetched: Fetched, number: int) -> Source:
    """Give the bytes their place in the dataset, with all that is known of where they came from.

    Raises:
        StorageError: it cannot be written.
    """
    source = _source(errand, fetched, number)
    folder, target = errand.folder, dataset.recording_dir(source.recording_id)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if source.file is not None:
            fetched.file.rename(folder / source.file)
        for left in folder.iterdir():
            if left.name not in {source.file, f"{source.file}.toml"}:
                left.unlink()
        write_text(folder / "source.json", to_json(source))
        if target.exists():  # without a source.json
            shutil.rmtree(target)
        folder.rename(target)
    except OSError as error:
        raise storage_error(target, error) from error
    return source


def put_back(dataset: Dataset, source: Source) -> bool:
    """Take a recording out of the dataset; whether its download is kept for another try.

    For a recording that is whole and could be taken with other settings. A local one is not kept:
    it is where it was.
    """
    folder = dataset.recording_dir(source.recording_id)
    if source.url is None or source.file is None or not (folder / source.file).is_file():
        shutil.rmtree(folder, ignore_errors=True)
        return False
    target = _folder(dataset.root, Wanted(url=source.url))
    fetched = Fetched(
        file=folder / source.file,
        name=source.file,
        sha256=source.sha256,
        bytes=source.bytes,
        title=source.title,
        uploader=source.uploader,
        licence=source.licence,
        published=source.published,
        tools=source.tools,
    )
    shutil.rmtree(target, ignore_errors=True)
    write_note(folder, fetched)
    shutil.rmtree(folder / ".part", ignore_errors=True)
    (folder / "source.json").unlink()
    folder.rename(target)
    return True


def forget(errand: Errand) -> None:
    """Let go of bytes that have a place already, or are none of a recording."""
    shutil.rmtree(errand.folder, ignore_errors=True)


def _folder(root: Path, wanted: Wanted) -> Path:
    kind = LINK_FOLDER if wanted.url is None else DOWNLOAD_FOLDER
    return root / "recordings" / f"{kind}{wanted.key}"


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):  # a part lies in it
        folder.rmdir()


def _look_at(file: Path, name: str) -> None:
    """Read the first frame; errors are said of ``name``."""
    try:
        open_frames(file).close()
    except DecodeError as error:
        raise DecodeError(str(error).replace(str(file), name, 1)) from None


def _source(errand: Errand, fetched: Fetched, number: int) -> Source:
    wanted, settings = errand.wanted, errand.settings
    local = wanted.url is None
    return Source(
        recording_id=fetched.recording_id,
        subset=wanted.subset or settings.subset or "train",
        number=number,
        status="fetched",
        url=None if local else wanted.name,
        path=wanted.path,
        file=None if local and not settings.keep else fetched.name,
        sha256=fetched.sha256,
        bytes=fetched.bytes,
        modified_ns=fetched.modified_ns,
        title=wanted.title or settings.title or fetched.title,
        uploader=fetched.uploader,
        licence=wanted.licence or fetched.licence,
        published=fetched.published,
        fetched=datetime.now(UTC),
        clips=wanted.clips,
        treatment=wanted.treatment,
        playlist=wanted.playlist,
        class_hint=wanted.class_name or settings.class_name,
        polarity_hint=wanted.polarity or settings.polarity,
        platform=wanted.platform,
        scene=wanted.scene,
        notes=wanted.notes,
        tools={"tirdata": __version__, "av": version("av"), **fetched.tools},
    )
