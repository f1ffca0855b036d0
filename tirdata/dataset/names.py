"""Names of sequences as ILSVRC2015 has them: recording and shot are in the number."""

import re
from pathlib import Path
from typing import NamedTuple

from tirdata.errors import DataError

SUBSETS = ("train", "val")
MAX_RECORDING = 99_999
MAX_SHOT = 999
RECORDINGS_PER_PACK = 100  # and at most 1000 shots each; readers open packs by number only

_NAME = re.compile(r"ILSVRC2015_(train|val)_([0-9]{5})([0-9]{3})")


class SequenceId(NamedTuple):
    """One shot of one recording; recordings are numbered from 0 within their subset."""

    subset: str
    recording: int
    shot: int

    @property
    def number(self) -> str:
        """The eight digits VVVVVSSS."""
        return f"{self.recording:05d}{self.shot:03d}"

    @property
    def name(self) -> str:
        """``ILSVRC2015_train_VVVVVSSS`` or ``ILSVRC2015_val_VVVVVSSS``.

        Raises:
            DataError: a number has more digits than the name has room for.
        """
        if (
            self.subset not in SUBSETS
            or not 0 <= self.recording <= MAX_RECORDING
            or not 0 <= self.shot <= MAX_SHOT
        ):
            raise DataError(
                f"sequence {tuple(self)}: has no ILSVRC2015 name; expected subset "
                f"{' or '.join(SUBSETS)}, recording 0..{MAX_RECORDING}, shot 0..{MAX_SHOT}"
            )
        return f"ILSVRC2015_{self.subset}_{self.number}"

    @property
    def xml_folder(self) -> str:
        """What the XML files say in ``folder``: the path below the subset."""
        if self.subset == "val":
            return self.name
        return f"ILSVRC2015_VID_train_{self.recording // RECORDINGS_PER_PACK:04d}/{self.name}"

    @property
    def folder(self) -> Path:
        """The path below ``Data/VID`` and ``Annotations/VID``."""
        return Path(self.subset, self.xml_folder)

    @classmethod
    def parse(cls, name: str) -> "SequenceId":
        """The id in a name.

        Raises:
            DataError: it is not an ILSVRC2015 name.
        """
        match = _NAME.fullmatch(name)
        if match is None:
            raise DataError(
                f"{name}: not a sequence name; expected ILSVRC2015_train_ or _val_ and 8 digits"
            )
        return cls(match[1], int(match[2]), int(match[3]))
