"""Answers of single branches, weights with a part taken out, learning curves, the first mix."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks import learning, responses
from benchmarks.ablated import VARIANTS, ablated, mean_gain
from benchmarks.annotated import Clip
from benchmarks.first_mix import Tally
from tests.made import made_sequence
from tests.tracking.trackers.made_weights import untrained
from tirdata.errors import DataError
from tirdata.mix.manifest import MixManifest
from tirdata.mix.shards import Sample
from tracking.trackers.mmnet import load_model
from tracking.weights.load import read_about

SEQUENCE = made_sequence(4)
CLIP = Clip(
    "antiuav-41", "antiuav", [SEQUENCE.frames[n] for n in range(4)], SEQUENCE.tracks[0].boxes
)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained(tmp_path_factory.mktemp("weights") / "mmnet.safetensors", SEQUENCE)


def test_every_branch_answers_where_the_object_went(weights: Path) -> None:
    answers = list(responses.answers(load_model(weights), CLIP))
    assert [each.number for each in answers] == [1, 2, 3]
    for each in answers:
        assert tuple(each.maps) == responses.NAMES
        np.testing.assert_allclose(
            each.maps["sum"], each.maps["conv5"] + each.maps["conv3"], atol=1e-5
        )
        assert each.on_object("sum")
        assert not each._replace(place=each.place + 9).on_object("sum")
    absent = CLIP._replace(boxes=np.vstack([CLIP.boxes[:2], np.full((2, 4), np.nan)]))
    assert [each.number for each in responses.answers(load_model(weights), absent)] == [1]


def test_the_picture_and_the_table_are_made(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(responses, "held_out_clips", lambda data, source, take: [CLIP])
    picture = tmp_path / "responses.png"
    responses.main(["--weights", str(weights), "--sources", "antiuav-41", "--frame", "2",
                    "--clip", "antiuav-41", "--data", str(tmp_path),
                    "--picture", str(picture)])  # fmt: skip
    told = capsys.readouterr().out
    assert "antiuav-41, frame 2" in told
    assert "| antiuav-41 | 3 | 1.000 |" in told
    assert picture.stat().st_size > 1000


def test_a_car_is_searched_between_its_like(shared_data: Path) -> None:
    cars = responses.parked_cars(shared_data)
    assert cars is not None
    assert cars.boxes[0].tolist() == cars.boxes[2].tolist() == [168, 199, 90, 96]
    assert cars.boxes[1].tolist() == [145, 214.5, 90, 96]
    assert not np.array_equal(cars.frames[0], cars.frames[2])


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_part_is_taken_out_and_nothing_else(weights: Path, variant: str) -> None:
    whole, about = load_model(weights), read_about(weights)
    model, told = ablated(weights, variant, about, 0.25)
    crop = responses.first_crop(whole, CLIP)
    with torch.inference_mode():
        before = whole.responses(whole.templates(whole.embed(crop)), whole.embed(crop))
        after = model.responses(model.templates(model.embed(crop)), model.embed(crop))
    if variant == "no-conv3":
        assert after.fine_grained is None
        assert told["branches"] == ["dis", "cls"]
        assert torch.equal(after.total, before.discriminative)
    elif variant == "no-conv5":
        assert before.fine_grained is not None
        torch.testing.assert_close(after.total, before.fine_grained)
    else:
        assert torch.equal(after.discriminative, before.discriminative)
    if variant == "no-hc":
        assert mean_gain(model, crop) == pytest.approx(0.25)
        assert mean_gain(whole, crop) == pytest.approx(0.5, abs=0.01)  # as it starts


def test_what_cannot_be_taken_out_is_refused(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected no-conv3"):
        ablated(weights, "no-legs", read_about(weights), 0.5)
    small = untrained(tmp_path / "small.safetensors", SEQUENCE, ("dis",))
    with pytest.raises(ValueError, match="already lacks a part"):
        ablated(small, "no-pc", read_about(small), 0.5)


def test_a_log_becomes_curves(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    steps = [{"step": n, "lr": 0.01, "parts": {"dis": 1.0 / n, "fin": 2.0}} for n in range(1, 5)]
    log.write_text("".join(json.dumps(step) + "\n" for step in steps))
    assert learning.losses(learning.read_log(log))["fin"].tolist() == [2.0] * 4
    ends, means = learning.smoothed(np.array([1.0, 2.0, 3.0, 6.0]), 2)
    assert (ends.tolist(), means.tolist()) == ([2, 3, 4], [1.5, 2.5, 4.5])
    learning.picture(log, tmp_path / "learning.png")
    assert (tmp_path / "learning.png").stat().st_size > 1000


@pytest.mark.parametrize("text", [None, "", "words\n", '{"step": 1}\n'])
def test_what_is_no_log_is_named(tmp_path: Path, text: str | None) -> None:
    log = tmp_path / "log.jsonl"
    if text is not None:
        log.write_text(text)
    with pytest.raises(DataError, match=r"log\.jsonl: .*expected the log\.jsonl of a training"):
        learning.read_log(log)


def test_the_first_mix_says_what_is_in_it() -> None:
    tally = Tally()
    for place, (subset, name) in enumerate([("train", "a"), ("train", "a"), ("val", "b")]):
        sample = Sample(
            key=f"{name}-{place}", domain="tir", sequence=name, track=0, class_name="drone",
            recording=name, frames=(0, 1), sides=(1.0, 1.0), boxes=((0.0, 0.0, 2.0, 2.0),) * 2,
        )  # fmt: skip
        tally.add(subset, sample, 2)
    manifest = tally.manifest({"train": ("one.tar",), "val": ()})
    assert MixManifest.model_validate_json(manifest.model_dump_json()) == manifest
    assert manifest.class_crops == {"drone": 6}
    train = manifest.subsets["train"]
    assert (train.samples, train.crops, train.groups, train.shards) == (2, 4, 1, ("one.tar",))
