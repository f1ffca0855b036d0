"""Ground truth without frames, by its form: the seam."""

from typing import Final

from tracking.evaluation.groundtruth.base import TruthForm
from tracking.evaluation.groundtruth.flat import FlatForm
from tracking.evaluation.groundtruth.json_file import JsonForm, LabelForm
from tracking.evaluation.groundtruth.of_tracks import TracksForm, XmlForm
from tracking.evaluation.groundtruth.pairs import GtotBoxesForm, GtotForm, OneListForm, PairsForm
from tracking.evaluation.groundtruth.per_sequence import FoldersForm

FORMS: Final[dict[str, TruthForm]] = {
    "flat": FlatForm(),
    "folders": FoldersForm(),
    "gtot": GtotForm(),
    "gtot-boxes": GtotBoxesForm(),
    "rgbt234": PairsForm(),
    "rgbt210": OneListForm(),
    "json": JsonForm(),
    "anti-uav": LabelForm(),
    "ilsvrc": XmlForm(),
    "tracks": TracksForm(),
}
