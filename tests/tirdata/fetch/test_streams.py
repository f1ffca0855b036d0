"""HLS and DASH from a server on this machine, without the ffmpeg program."""

import gc
import resource
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.stream import VideoStream

from tests.serve import Page, Site, serve
from tirdata.decode import open_frames
from tirdata.errors import FetchError, StorageError
from tirdata.fetch.base import Fetched
from tirdata.fetch.download import download
from tirdata.fetch.settings import FetchConfig
from tirdata.fetch.wanted import Wanted

SETTINGS = FetchConfig(retries=0, timeout_s=5)
OPTIONS = {
    "hls": {"hls_time": "2", "hls_playlist_type": "vod"},
    "dash": {"seg_duration": "2", "use_template": "1", "use_timeline": "1"},
}
LISTS = {"hls": "list.m3u8", "dash": "list.mpd"}


def segments(folder: Path, clip: Path, kind: str) -> dict[str, Page]:
    """The clip and a silent sound track in segments, without coding the picture anew."""
    folder.mkdir()
    with (
        av.open(str(clip)) as source,
        av.open(str(folder / LISTS[kind]), "w", format=kind, options=OPTIONS[kind]) as target,
    ):
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        assert isinstance(copy, VideoStream)
        if kind == "dash":
            sound = target.add_stream("aac", rate=48_000)
            silence = av.AudioFrame(format="fltp", layout="mono", samples=1024)
            for plane in silence.planes:
                plane.update(bytes(plane.buffer_size))
            silence.sample_rate = 48_000
            for number in range(20):
                silence.pts = number * 1024
                target.mux(sound.encode(silence))
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.stream = copy
                target.mux(packet)
    return {path.name: Page(path.read_bytes(), "application/x") for path in folder.iterdir()}


@pytest.fixture(scope="module", params=["hls", "dash"])
def streamed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, clips: Path
) -> Iterator[tuple[Site, str]]:
    folder = tmp_path_factory.mktemp(request.param) / "segments"
    with serve(segments(folder, clips / "IR_DRONE_121.mp4", request.param)) as site:
        yield site, LISTS[request.param]


def test_a_stream_comes_whole_and_only_its_picture(
    streamed: tuple[Site, str], clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # no ffmpeg there
    site, name = streamed
    fetched = download(Wanted(url=site.link(name)), tmp_path, SETTINGS)
    assert isinstance(fetched, Fetched)
    with (
        closing(open_frames(fetched.file)) as came,
        closing(open_frames(clips / "IR_DRONE_121.mp4")) as sent,
    ):
        count = 0
        for one, other in zip(came.read(), sent.read(), strict=True):
            assert np.array_equal(one.pixels, other.pixels)
            count += 1
    assert count == 312
    sound = [path for path, _ in site.asked if "stream1" in path]
    assert sound == []


# yt-dlp leaves its own file open when it cannot be written.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_full_disk_in_a_stream_is_said_and_gone_on_with(
    streamed: tuple[Site, str], tmp_path: Path
) -> None:
    site, name = streamed
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, before[1]))
    try:
        with pytest.raises(StorageError, match="File too large"):
            download(Wanted(url=site.link(name)), tmp_path, SETTINGS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    gc.collect()
    first = next(path for path in sorted(site.pages) if path.endswith(("0.ts", "00001.m4s")))
    asked = [path for path, _ in site.asked].count(first)
    download(Wanted(url=site.link(name)), tmp_path, SETTINGS)
    assert [path for path, _ in site.asked].count(first) == asked  # it has that one


def test_a_lost_segment_is_no_silent_gap(streamed: tuple[Site, str], tmp_path: Path) -> None:
    site, name = streamed
    segment = sorted(path for path in site.pages if path.endswith(("1.ts", "00002.m4s")))[0]
    lost = site.pages.pop(segment)
    try:
        with pytest.raises(FetchError, match="no video came of it") as error:
            download(Wanted(url=site.link(name)), tmp_path, SETTINGS)
        assert "\n" not in str(error.value)
    finally:
        site.pages[segment] = lost
    fetched = download(Wanted(url=site.link(name)), tmp_path, SETTINGS)
    assert isinstance(fetched, Fetched)
    with closing(open_frames(fetched.file)) as came:
        assert len(list(came.read())) == 312
