"""What a user may set for all sources at once."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from tirdata.config import Config


class FetchConfig(Config):
    """Settings of ``tirdata fetch``; what a row of a sources file says wins over them."""

    subset: Literal["train", "val"] | None = None
    """The side of the split, for sources that name none; none = train."""
    class_name: str | None = None
    """The class to be followed, for sources that name none."""
    title: str | None = None
    """What people call it; for a single source."""
    polarity: Literal["white-hot", "black-hot"] | None = None
    """Of the recordings; none = white-hot is assumed."""
    licences: tuple[str, ...] = ()
    """Take only what is under one of these (cc0, cc-by, …); none = take all."""
    min_frames: Annotated[int, Field(ge=1)] = 10
    """Shorter shots are left out."""
    keep: bool = True
    """Keep the original bytes in the dataset."""
    threads: Annotated[int, Field(ge=1)] = 2
    """Threads that work on one recording; the command gives each its share of the cores."""
    retries: Annotated[int, Field(ge=0)] = 5
    """How often a link that fails in passing is tried again."""
    backoff_s: Annotated[float, Field(ge=0)] = 1.0
    """Wait before the first new try; doubled each time, at most 30 s."""
    timeout_s: Annotated[float, Field(gt=0)] = 20.0
    """How long a server may say nothing."""
    rate_limit: Annotated[int, Field(ge=1024)] | None = None
    """Bytes per second of one download; none = no limit."""
    total_rate_limit: Annotated[int, Field(ge=1024)] | None = None
    """Bytes per second of all downloads together, whatever the workers; none = no limit."""
    per_host: Annotated[int, Field(ge=1)] | None = None
    """How many downloads may come from one host at once; none = as many as there are workers."""
    longest_wait_s: Annotated[float, Field(ge=0)] = 300.0
    """A server that asks to wait longer (``Retry-After``) fails at once."""
    playlist_items: str | None = None
    """Which videos of a playlist, in yt-dlp's words: 1-5,8; none = all."""
    playlist_most: Annotated[int, Field(ge=1)] = 1000
    """A playlist with more videos than this is refused."""
    format: str = "bv*[height<=1080]/bv*/b"
    """Which of a page's formats, in yt-dlp's words; sound is not needed."""
    cookies: Path | None = None
    """File of cookies that are sent, in the format of Netscape; it is not written to."""
    cookies_from_browser: str | None = None
    """Browser whose cookies are sent, in yt-dlp's words."""
