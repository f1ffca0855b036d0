"""The recordings that ship with the tests are the ones whose licence and origin are told."""

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tirdata.files import sha256

DATA = ROOT / "tests" / "data"
LISTED = dict(
    re.findall(r"^\| (\S+\.mp4) \|.*`([0-9a-f]{64})` \|", (DATA / "README.md").read_text(), re.M)
)


@pytest.mark.parametrize("name", LISTED)
def test_a_clip_is_the_listed_one_and_has_a_box_for_every_frame(name: str, clips: Path) -> None:
    import av

    assert sha256(clips / name) == LISTED[name]
    with av.open(str(clips / name)) as container:
        frames = sum(1 for _ in container.decode(video=0))
    lines = (clips / name).with_suffix(".txt").read_text().splitlines()
    assert len(lines) == frames
    assert all(len(line.split(",")) == 4 for line in lines)


def test_every_recording_is_listed(clips: Path) -> None:
    recordings = {path.name for path in clips.rglob("*.mp4")}
    assert recordings == set(LISTED)
