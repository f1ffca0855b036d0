"""FLIR's measurement model: against a camera's own numbers, another program's, and itself."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tirdata.decode.flir_jpeg import FlirJpegReader
from tirdata.decode.radiometry import (
    Air,
    FlirRadiometry,
    Planck,
    Scene,
    air_transmission,
    black_body_counts,
    black_body_kelvin,
    counts_of_kelvin,
    kelvin_of_counts,
)

SC660 = Planck(21106.77, 0.012545258, 1501.0, 1.0, -7340.0)
ROOM = Scene(emissivity=0.95, distance_m=1.0)


def test_air_lets_through_what_the_camera_says_it_does() -> None:
    # The first frame of SampleSEQ.seq holds the SC660's own result for 1 m, 20 degrees, 50 %.
    assert air_transmission(ROOM, Air()) == pytest.approx(0.9939431548, abs=2e-8)


def test_a_transmission_of_the_file_is_taken_as_it_is() -> None:
    assert air_transmission(replace(ROOM, air_transmission=0.5, distance_m=50), Air()) == 0.5


def test_without_a_distance_air_does_nothing() -> None:
    assert air_transmission(replace(ROOM, distance_m=0), Air()) == 1.0


def test_a_black_body_alone_is_plancks_curve() -> None:
    scene = Scene(emissivity=1.0, distance_m=0.0)
    radiometry = FlirRadiometry(SC660, scene)
    expected = 1501 / math.log(21106.77 / (0.012545258 * (18109 - 7340)) + 1)
    assert radiometry.kelvin(np.array([18109.0]))[0] == pytest.approx(expected, abs=1e-9)
    assert expected == pytest.approx(273.15 + 23.624, abs=1e-3)


@pytest.mark.parametrize(
    ("count", "celsius"), [(17172, 18.30964), (18273, 24.77935), (24932, 57.07821)]
)
def test_examples_that_thermimage_prints(count: int, celsius: float) -> None:
    # Its README, for SampleSEQ.seq; half the distance twice, as that program does.
    halves = air_transmission(replace(ROOM, distance_m=0.5), Air()) ** 2
    found = kelvin_of_counts(np.array([count]), SC660, ROOM, halves)[0] - 273.15
    assert found == pytest.approx(celsius, abs=2e-5)


def test_every_pixel_of_a_photograph_is_as_thermimage_has_it(shared_data: Path) -> None:
    folder = shared_data / "containers" / "flir"
    reader = FlirJpegReader.open(folder / "IR_2412.jpg")
    radiometry, counts = reader.info.radiometry, next(reader.read()).pixels
    reader.close()
    # Degrees Celsius in float32, made by Thermimage from this photograph.
    theirs = np.fromfile(folder / "FLIRjpg_W640_H480_F1_I.raw", "<f4").reshape(480, 640)
    assert isinstance(radiometry, FlirRadiometry)
    halves = air_transmission(replace(ROOM, distance_m=0.5), Air()) ** 2
    same = kelvin_of_counts(counts, radiometry.planck, ROOM, halves) - 273.15
    np.testing.assert_allclose(same, theirs, atol=5e-6)
    # Over the whole distance at once, as the camera does, it is up to 0.04 degrees elsewhere.
    ours = radiometry.kelvin(counts) - 273.15
    assert 0.03 < np.abs(ours - theirs).max() < 0.04


scenes = st.builds(
    Scene,
    emissivity=st.floats(0.05, 1),
    distance_m=st.floats(0, 100),
    reflected_k=st.floats(230, 350),
    air_k=st.floats(230, 330),
    window_k=st.floats(230, 350),
    window_transmission=st.floats(0.3, 1),
    humidity=st.floats(0, 1),
)


@given(scenes, st.floats(240, 500))
def test_back_and_forth_is_the_same_temperature(scene: Scene, kelvin: float) -> None:
    radiometry = FlirRadiometry(SC660, scene)
    counts = radiometry.counts(np.array([kelvin]))
    assert radiometry.kelvin(counts)[0] == pytest.approx(kelvin, abs=1e-6)


@given(scenes)
def test_more_counts_are_warmer(scene: Scene) -> None:
    kelvin = FlirRadiometry(SC660, scene).kelvin(np.arange(0, 65536, 16, dtype=np.uint16))
    known = kelvin[np.isfinite(kelvin)]
    assert (np.diff(known) > 0).all()
    assert np.isnan(kelvin[: len(kelvin) - len(known)]).all()  # undefined only at the cold end


def test_an_object_as_warm_as_all_around_is_that_warm_whatever_the_scene() -> None:
    scene = Scene(0.3, 40.0, 300.0, 300.0, 300.0, 0.7)
    counts = black_body_counts(np.array([300.0]), SC660)
    assert FlirRadiometry(SC660, scene).kelvin(counts)[0] == pytest.approx(300.0, abs=1e-9)


def test_a_window_before_the_lens_is_taken_out() -> None:
    scene = Scene(1.0, 0.0, window_k=310.0, window_transmission=0.8)
    body, window = black_body_counts(np.array([350.0, 310.0]), SC660)
    seen = np.array([0.8 * body + 0.2 * window])
    assert kelvin_of_counts(seen, SC660, scene, 1.0)[0] == pytest.approx(350.0, abs=1e-9)
    assert counts_of_kelvin(np.array([350.0]), SC660, scene, 1.0) == pytest.approx(seen)


def test_whole_numbers_go_by_a_table_that_says_the_same() -> None:
    radiometry = FlirRadiometry(SC660, ROOM)
    counts: NDArray[np.uint16] = np.array([[15000, 20000], [25000, 65535]], np.uint16)
    np.testing.assert_array_equal(
        radiometry.kelvin(counts), radiometry.kelvin(counts.astype(np.float64))
    )


def test_counts_below_those_of_no_radiation_have_no_temperature() -> None:
    assert np.isnan(black_body_kelvin(np.array([0.0, 7340.0]), SC660)).all()
    assert not np.isnan(black_body_kelvin(np.array([7341.0]), SC660)).any()


def test_nothing_radiates_at_zero_kelvin() -> None:
    assert black_body_counts(np.array([0.0]), SC660)[0] == 7340.0


@pytest.mark.parametrize(
    ("planck", "scene", "fault"),
    [
        (replace(SC660, r1=0.0), ROOM, "r1 0"),
        (replace(SC660, b=math.nan), ROOM, "b nan"),
        (SC660, replace(ROOM, emissivity=0.0), "emissivity 0"),
        (SC660, replace(ROOM, emissivity=1.5), "emissivity 1.5"),
        (SC660, replace(ROOM, air_k=0.0), "air_k 0"),
        (SC660, replace(ROOM, air_k=1e9), r"air_k 1e\+09"),
        (SC660, replace(ROOM, distance_m=-1.0), "distance_m -1"),
        (SC660, replace(ROOM, distance_m=1e9), "air transmission"),
        (SC660, replace(ROOM, distance_m=1e30, air_k=900.0, humidity=1.0), "air transmission"),
        (
            replace(SC660, f=0.0),
            replace(ROOM, emissivity=1.0, reflected_k=-1e-9),
            "no line of counts",
        ),
    ],
)
def test_constants_without_sense_are_refused_by_name(
    planck: Planck, scene: Scene, fault: str
) -> None:
    with pytest.raises(ValueError, match=fault):
        FlirRadiometry(planck, scene)


def test_the_constants_say_what_was_used() -> None:
    constants = FlirRadiometry(SC660, ROOM).constants
    assert constants["planck_b"] == 1501.0
    assert constants["air_transmission"] == pytest.approx(0.99394, abs=1e-5)
    assert constants["emissivity"] == 0.95
    assert constants["air_alpha1"] == 0.006569
