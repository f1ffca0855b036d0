"""All recordings that the sources name: folders and playlists opened up, and the bytes got.

What a playlist or a folder names comes in its place, in its order. A link that has been fetched
is not looked at again; a playlist is, as it may have grown.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tirdata.dataset.acquire import Errand, acquire
from tirdata.dataset.card import Source
from tirdata.engine.base import Engine, Outcome
from tirdata.errors import FetchError, TirDataError, UsageError
from tirdata.fetch.base import Fetched, Listing
from tirdata.fetch.folders import is_folder, recordings_in
from tirdata.fetch.settings import FetchConfig
from tirdata.fetch.wanted import PlaylistPlace, Wanted

_DEEPEST = 3  # playlists in playlists: a channel, its tabs, a playlist


@dataclass
class Found:
    """One recording, or what names several, and what became of it."""

    wanted: Wanted
    source: Source | None = None  # it is in the dataset already
    fetched: Fetched | None = None
    error: TirDataError | None = None
    parts: list["Found"] | None = None  # it names these

    def leaves(self) -> Iterator["Found"]:
        """The recordings, in order."""
        if self.parts is None:
            yield self
        else:
            for part in self.parts:
                yield from part.leaves()


@dataclass
class Gatherer:
    """Gets the bytes of recordings with an engine; each link and each file once."""

    root: Path
    settings: FetchConfig
    known: Callable[[Wanted], Source | None]
    on_fetched: Callable[[str], None] | None = None
    on_more: Callable[[int], None] | None = None
    _names: set[str] = field(default_factory=set)

    def gather(self, wanted: Sequence[Wanted], engine: Engine) -> list[Found]:
        """What became of every recording that ``wanted`` names, in order."""
        roots = [Found(each) for each in wanted]
        self._names = {each.name for each in wanted}
        now = self.open_folders(roots)
        for _ in range(_DEEPEST):
            self._acquire(_open(now), engine)
            now = [part for each in now if each.parts is not None for part in each.parts]
            for each in now:
                each.source = self.known(each.wanted)
        for each in _open(now):
            each.error = FetchError(
                f"{each.wanted.name}: is named by playlists that name playlists, {_DEEPEST} deep; "
                f"give its link itself"
            )
        return [leaf for each in roots for leaf in each.leaves()]

    def open_folders(self, found: Sequence[Found]) -> list[Found]:
        """The recordings of local folders in place of the folders, and what is known of each."""
        for each in found:
            path = Path(each.wanted.path or "")
            if each.wanted.path is not None and is_folder(path):
                self._open_folder(each, path)
        leaves = [leaf for each in found for leaf in each.leaves()]
        for leaf in leaves:
            leaf.source = None if leaf.error else self.known(leaf.wanted)
        return leaves

    def _open_folder(self, found: Found, folder: Path) -> None:
        wanted = found.wanted
        try:
            paths = recordings_in(folder)
            if len(paths) > 1 and (wanted.clips or wanted.title or self.settings.title):
                raise UsageError(
                    f"{folder}: holds {len(paths)} recordings; title, start_s and end_s fit one "
                    f"of them: give each its own row"
                )
        except TirDataError as error:
            found.error = error
            return
        if paths != [folder]:
            self._put(found, [wanted.model_copy(update={"path": str(path)}) for path in paths])

    def _acquire(self, found: Sequence[Found], engine: Engine) -> None:
        by_name = {each.wanted.name: each for each in found}
        errands = [Errand(self.root, each.wanted, self.settings) for each in found]
        for outcome in engine.map(acquire, errands):
            self._take(by_name[outcome.item.name], outcome)

    def _take(self, found: Found, outcome: Outcome[Errand, Fetched | Listing]) -> None:
        found.error = outcome.error
        if isinstance(outcome.result, Listing):
            self._open_listing(found, outcome.result)
        else:
            found.fetched = outcome.result
        if self.on_fetched is not None:
            self.on_fetched(found.wanted.name)

    def _open_listing(self, found: Found, listing: Listing) -> None:
        wanted = found.wanted
        self._put(
            found,
            [
                wanted.model_copy(
                    update={
                        "url": entry.url or f"{wanted.url}#{entry.index}",
                        "referer": wanted.url if listing.is_page else None,
                        "playlist": PlaylistPlace(
                            url=wanted.name,
                            title=listing.title,
                            uploader=listing.uploader,
                            index=entry.index,
                        ),
                    }
                )
                for entry in listing.entries
            ],
        )
        dead = {f"{wanted.url}#{entry.index}" for entry in listing.entries if entry.url is None}
        for part in found.parts or ():
            if part.wanted.url in dead:
                part.error = FetchError(f"{part.wanted.name}: has no link in {wanted.name}")

    def _put(self, found: Found, wanted: Sequence[Wanted]) -> None:
        """Give a link or folder its parts, but for those that are named elsewhere, too."""
        found.parts = []
        for each in wanted:
            if each.name not in self._names:
                self._names.add(each.name)
                found.parts.append(Found(each))
        if self.on_more is not None:
            self.on_more(len(found.parts) - 1)


def _open(found: Sequence[Found]) -> list[Found]:
    """Those of which nothing has become yet."""
    return [each for each in found if each.source is None and each.error is None]
