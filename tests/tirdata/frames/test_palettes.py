"""The tables of the palettes."""

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tirdata.frames.palettes import GREY, PALETTES, limited, tinted, variants


@pytest.mark.parametrize("name", PALETTES)
def test_a_table_has_256_colours_that_go_on_from_each_to_the_next(name: str) -> None:
    table = PALETTES[name]
    assert table.shape == (256, 3)
    assert table.dtype == np.uint8
    assert not table.flags.writeable
    assert np.abs(np.diff(table.astype(int), axis=0)).max() <= 17


def test_the_palettes_that_users_ask_for_are_there() -> None:
    assert {"grey", "ironbow", "inferno", "rainbow", "rainbow-hc", "jet", "hot"} <= set(PALETTES)
    assert {"arctic", "lava", "glowbow", "cool-warm", "ironbow-fusion"} <= set(PALETTES)


def test_no_two_palettes_are_the_same() -> None:
    tables = [table.tobytes() for table in PALETTES.values()]
    assert len(set(tables)) == len(tables)


def test_grey_is_its_own_position() -> None:
    np.testing.assert_array_equal(PALETTES[GREY][:, 1], np.arange(256))


def test_a_palette_that_opencv_paints_is_as_it_paints_it() -> None:
    ramp = np.arange(256, dtype=np.uint8)[:, None]
    painted = cv2.applyColorMap(ramp, cv2.COLORMAP_JET)[:, 0, ::-1]
    np.testing.assert_array_equal(PALETTES["jet"], painted)


def test_ironbow_is_what_a_camera_writes_into_its_files(shared_data: Path) -> None:
    stored = flir_palette(shared_data / "containers" / "flir" / "SampleCSQ.csq")
    ours = PALETTES["ironbow"][np.linspace(0, 255, len(stored)).round().astype(int)]
    assert np.abs(ours - stored).mean() < 2


def flir_palette(path: Path) -> NDArray[np.float64]:
    """Record 0x22 of an FFF block: Y, Cb, Cr in 16..235, as red, green, blue."""
    data = path.read_bytes()
    order = ">" if data[0x14] == 0 else "<"
    offset, count = struct.unpack(f"{order}II", data[0x18:0x20])
    for entry in range(offset, offset + 32 * count, 32):
        kind, start = struct.unpack(f"{order}H10xI", data[entry : entry + 16])
        if kind == 0x22:
            colours = data[start]
            codes = np.frombuffer(data, np.uint8, 3 * colours, start + 0x70).reshape(-1, 3)
            luma, blue, red = codes.astype(np.float64).T
            y, cb, cr = (luma - 16) * 255 / 219, (blue - 128) * 255 / 224, (red - 128) * 255 / 224
            rgb = np.stack([y + 1.402 * cr, y - 0.344 * cb - 0.714 * cr, y + 1.772 * cb], axis=1)
            return np.clip(rgb, 0, 255)
    raise AssertionError("no palette in the file")


def test_a_tint_is_as_light_as_it_is_warm() -> None:
    luma = tinted(255, 191, 91).astype(np.float64) @ np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(luma, np.arange(256), atol=1)


def test_squeezed_tables_begin_at_16_and_end_at_235() -> None:
    assert limited(PALETTES[GREY])[[0, 255]].tolist() == [[16] * 3, [235] * 3]


def test_variants_are_other_tables_of_the_same_luma_order() -> None:
    base = PALETTES["ironbow"]
    for table in variants(base):
        assert (table != base).any()
        assert np.corrcoef(table.sum(axis=1), base.sum(axis=1))[0, 1] > 0.95
