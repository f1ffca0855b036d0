"""Curves of a training."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tracking.report.learning import draw_learning, thinned


def _write(path: Path, lines: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_losses_and_validation_are_drawn(tmp_path: Path) -> None:
    log = _write(
        tmp_path / "log.jsonl",
        [{"step": n, "loss": 2.0 / n, "parts": {"dis": 1.0 / n, "<fin>": 1 / n}}
         for n in range(1, 500)],
    )  # fmt: skip
    looks = _write(tmp_path / "validation.jsonl", [{"step": n, "overlap": 0.5} for n in (100, 400)])
    one = draw_learning(log, tmp_path / "nosuch.jsonl")
    two = draw_learning(log, looks)
    for drawn, plots, curves in ((one, 1, 3), (two, 2, 4)):
        root = ET.fromstring(drawn)  # noqa: S314 - our own
        names = [element.tag.rpartition("}")[2] for element in root.iter()]
        assert names.count("svg") == 1 + plots
        assert names.count("polyline") == curves
    assert len(one) < 30_000


def test_nothing_logged_is_nothing_drawn(tmp_path: Path) -> None:
    assert draw_learning(_write(tmp_path / "log.jsonl", [])) == ""


def test_thinning_keeps_means() -> None:
    points = [(float(n), float(n % 2)) for n in range(1000)]
    assert len(thinned(points, 100)) == 100
    assert [value for _, value in thinned(points, 100)] == pytest.approx([0.5] * 100)
    assert thinned(points[:5]) == points[:5]


@pytest.mark.parametrize("loss", [-1.5, 0.0, 3.0])
def test_one_step_is_drawn_whatever_its_loss(tmp_path: Path, loss: float) -> None:
    log = _write(tmp_path / "log.jsonl", [{"step": 1, "loss": loss, "parts": {}}])
    assert "polyline" in draw_learning(log)
