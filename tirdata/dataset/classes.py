"""Names of object classes and the WordNet ids (WNIDs) that the XML files carry for them."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType

from tirdata.errors import UsageError

# In the order of ILSVRC2015_VID_ID 1..30; offsets of WordNet 3.0.
VID_CLASSES: dict[str, str] = {
    "airplane": "n02691156",
    "antelope": "n02419796",
    "bear": "n02131653",
    "bicycle": "n02834778",
    "bird": "n01503061",
    "bus": "n02924116",
    "car": "n02958343",
    "cattle": "n02402425",
    "dog": "n02084071",
    "domestic_cat": "n02121808",
    "elephant": "n02503517",
    "fox": "n02118333",
    "giant_panda": "n02510455",
    "hamster": "n02342885",
    "horse": "n02374451",
    "lion": "n02129165",
    "lizard": "n01674464",
    "monkey": "n02484322",
    "motorcycle": "n03790512",
    "rabbit": "n02324045",
    "red_panda": "n02509815",
    "sheep": "n02411705",
    "snake": "n01726692",
    "squirrel": "n02355227",
    "tiger": "n02129604",
    "train": "n04468005",
    "turtle": "n01662784",
    "watercraft": "n04530566",
    "whale": "n02062744",
    "zebra": "n02391049",
}

# Classes of thermal data outside the 30; offsets of WordNet 3.0.
TIR_CLASSES: dict[str, str] = {
    "person": "n00007846",
    "truck": "n04490091",
    "helicopter": "n03512147",
    "drone": "n03245889",
    "ship": "n04194289",
    "boat": "n02858304",
    "motor_scooter": "n03791053",
    "deer": "n02430045",
    "coyote": "n02114855",
    "wolf": "n02114100",
    "hog": "n02395406",
    "wild_boar": "n02396427",
    "badger": "n02447366",
    "leopard": "n02128385",
    "bat": "n02139199",
    "raccoon": "n02508021",
    "face": "n05600637",
    "head": "n05538625",
    "crowd": "n08182379",
    "kangaroo": "n01877134",
    "hyena": "n02117135",
    "goat": "n02416519",
    "duck": "n01846331",
    "camel": "n02437136",
    "missile": "n03773504",
    "motorcyclist": "n10334009",
    "cyclist": "n09986189",
}

WNID_PATTERN = r"n[0-9]{8}"

_WNID = re.compile(WNID_PATTERN)
_NO_EXTRA: Mapping[str, str] = MappingProxyType({})
_NAMES = {wnid: name for name, wnid in (TIR_CLASSES | VID_CLASSES).items()}


def wnid(name: str, extra: Mapping[str, str] = _NO_EXTRA) -> str:
    """The WNID of a class; a literal WNID passes.

    ``extra`` holds the names of a dataset (``[classes]`` in its ``tirdata.toml``), which win.

    Raises:
        UsageError: the class is not known.
    """
    found = extra.get(name) or VID_CLASSES.get(name) or TIR_CLASSES.get(name)
    if found is not None:
        return found
    if _WNID.fullmatch(name):
        return name
    known = sorted({*VID_CLASSES, *TIR_CLASSES, *extra})
    near = get_close_matches(name.lower().replace(" ", "_"), known, n=3)
    hint = f"near it: {', '.join(near)}" if near else f"known: {', '.join(known)}"
    raise UsageError(
        f"class {name!r} is not known; {hint}; "
        f'to add it, write {_toml_key(name)} = "n########" (its WordNet id) '
        "under [classes] in the dataset's tirdata.toml"
    )


def class_name(wnid: str, extra: Mapping[str, str] = _NO_EXTRA) -> str:
    """The name of a WNID; an unknown WNID is its own name."""
    for name, known in extra.items():
        if known == wnid:
            return name
    return _NAMES.get(wnid, wnid)


def _toml_key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'"{name}"'
