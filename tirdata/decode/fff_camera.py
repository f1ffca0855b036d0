"""The camera info record of an FFF block: camera, calibration, scene, time.

    0x20   f    emissivity             0x70   5f   alpha1, alpha2, beta1, beta2, X of air
    0x24   f    distance, m            0xd4   32s  model
    0x28   f    reflected, K           0x308  i    O, by which calibration is offset
    0x2c   f    air, K                 0x30c  f    R2
    0x30   f    window, K              0x384  I    time, s since 1970 (UTC)
    0x34   f    window transmission    0x388  I    milliseconds in the lower 16 bits
    0x38   f    air transmission;      0x464  H    frames a second
                0 = to be worked out   0x46a  H    state; bit 5 = the shutter corrects the sensor
    0x3c   f    humidity; above 2 %    0x46c  H    thousandths of a frame a second
    0x50   I    kind of samples;
                0, 1 = counts
    0x58   3f   R1, B, F

It begins with the same 32 bytes as raw data, in its own byte order (0x00 H, 2).
"""

import struct
from dataclasses import dataclass

from tirdata.decode.radiometry import Air, FlirRadiometry, Planck, Scene

CAMERA_BYTES = 0x470
_COUNTS = (0, 1)
_CORRECTS = 0x20
_FASTEST = 100_000.0  # frames a second


@dataclass(frozen=True)
class Camera:
    """What one record says."""

    model: str | None = None
    radiometry: FlirRadiometry | None = None
    no_radiometry: str = "no camera info record"  # why there is none
    time_ms: int | None = None  # since 1970
    fps: float | None = None
    shutter: bool = False  # the sensor was being corrected


def parse_camera(data: bytes) -> Camera:
    """From the first bytes of a record; what an older, shorter record lacks is not known."""
    data = data[:CAMERA_BYTES].ljust(CAMERA_BYTES, b"\0")
    order = order_of(data)
    radiometry, reason = _radiometry(data, order)
    seconds, milliseconds = struct.unpack_from(f"{order}2I", data, 0x384)
    rate, _, _, state, thousandths = struct.unpack_from(f"{order}5H", data, 0x464)
    fps = rate + thousandths / 1000
    return Camera(
        model=_text(data[0xD4:0xF4]),
        radiometry=radiometry,
        no_radiometry=reason,
        time_ms=seconds * 1000 + (milliseconds & 0xFFFF) if seconds else None,
        fps=fps if 0 < fps <= _FASTEST else None,
        shutter=bool(state & _CORRECTS),
    )


def calibration_differs(one: Camera | None, other: Camera | None) -> bool:
    """Whether equal counts of the two are not the same temperature of a black body."""
    first, second = (each.radiometry if each else None for each in (one, other))
    return (first and first.planck) != (second and second.planck)


def order_of(data: bytes) -> str:
    """Byte order of a record that begins with a small number of 16 bits."""
    return "<" if data[1] == 0 else ">"


def _radiometry(data: bytes, order: str) -> tuple[FlirRadiometry | None, str]:
    (samples,) = struct.unpack_from(f"{order}I", data, 0x50)
    if samples not in _COUNTS:
        return None, f"samples are of type {samples}, not counts"
    emissivity, distance, reflected, air_k, window_k, window, through, humidity = (
        struct.unpack_from(f"{order}8f", data, 0x20)
    )
    r1, b, f = struct.unpack_from(f"{order}3f", data, 0x58)
    o, r2 = struct.unpack_from(f"{order}if", data, 0x308)
    air = Air(*struct.unpack_from(f"{order}5f", data, 0x70))
    scene = Scene(
        emissivity=emissivity,
        distance_m=distance,
        reflected_k=reflected,
        air_k=air_k,
        window_k=window_k,
        window_transmission=window,
        air_transmission=through,
        humidity=humidity / 100 if humidity > _PERCENT else humidity,
    )
    try:
        return FlirRadiometry(Planck(r1, r2, b, f, float(o)), scene, air), ""
    except ValueError as error:
        return None, str(error)


_PERCENT = 2.0  # the air is never twice as wet as it can be


def _text(data: bytes) -> str | None:
    """Up to the first zero; none = empty or not of printable characters."""
    text = data.partition(b"\0")[0].decode("ascii", "replace").strip()
    return text if text and text.isprintable() and "\ufffd" not in text else None
