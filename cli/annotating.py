"""What `tirdata annotate` was asked, in the library's words, and its answer in a person's."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.console import Console
from cli.scoring import settings_of

if TYPE_CHECKING:
    from tirdata.annotate.annotate import Item, SequenceState, Tracking
    from tirdata.annotate.requests import Request
    from tirdata.annotate.rows import Row
    from tirdata.dataset.tree import Dataset, SequenceId
    from tirdata.engine.base import Outcome


def tracking_of(
    config_path: Path | None, tracker: str | None, weights: Path | None, device: str | None,
    again: bool, settings: Sequence[str] = (), refine: bool | None = None,
    until_doubtful: float | None = None, fallback: str | None = None, **_: Any,
) -> "Tracking":  # fmt: skip
    """With what to propagate; ``settings`` (NAME=VALUE) win over the file's.

    With ``refine`` a learned head makes the tracker's boxes tighter.

    Raises:
        ConfigError: there is no such tracker, or it has no such setting.
        UsageError: a setting is not NAME=VALUE.
        MissingError: its weights are not there.
    """
    from tirdata.annotate.annotate import INTERPOLATE, AnnotateConfig, Tracking
    from tirdata.config import load
    from tirdata.errors import UsageError
    from tracking.evaluation.choice import choose_tracker
    from tracking.trackers import TRACKERS

    wanted = settings_of(settings) | ({"weights": str(weights)} if weights else {})
    asked = {"until_doubtful": until_doubtful, "fallback": fallback}
    taken = {name: value for name, value in asked.items() if value is not None}
    overrides = {"tracker": tracker, "settings": wanted, "propagate": taken}
    config = load(config_path, AnnotateConfig, overrides)
    if config.tracker == INTERPOLATE:
        if settings:
            raise UsageError(f"--set {settings[0]}: {INTERPOLATE} has no settings; leave it out")
        if taken:
            raise UsageError(
                f"--{next(iter(taken)).replace('_', '-')}: {INTERPOLATE} is never lost"
            )
        if refine:
            raise UsageError(f"--refine: {INTERPOLATE} looks at no picture; name a tracker")
        return Tracking(config, None, again=again)
    if refine and config.tracker != "refined":
        inside = {"tracker": config.tracker, "settings": config.settings}
        config = config.model_copy(update={"tracker": "refined", "settings": inside})
    known = TRACKERS[config.tracker]().config.model_fields if config.tracker in TRACKERS else {}
    where = device if "device" in known else None
    choice = choose_tracker(config.tracker, config.settings, device=where)
    return Tracking(config, choice.factory, choice.hashes(), again)


def in_batches(tracking: "Tracking", device: str | None) -> bool:
    """Whether the tracker runs on a GPU, where objects of many sequences go in one batch."""
    from tracking.trackers import TRACKERS

    tracker = TRACKERS.get(tracking.config.tracker)
    if tracking.factory is None or tracker is None:
        return False
    if "device" not in tracker().config.model_fields:
        return False
    if (tracking.config.settings.get("device") or device) == "cpu":
        return False
    import torch

    return torch.cuda.is_available()


def said(
    dataset: "Dataset", sequences: tuple[str, ...], track: int | None, *, dry_run: bool,
    verbs: tuple[str, ...], **given: Any,
) -> "dict[SequenceId, int]":  # fmt: skip
    """Write what was said into the journals; how many edits each sequence got.

    Raises:
        UsageError: it makes no sense; nothing is written.
        DataError: a row of the boxes file is wrong; nothing is written.
    """
    from tirdata.annotate.requests import plan, undo, write

    request = _request(sequences, track, verbs, **given)
    if request.verb is not None and request.verb.name in ("undo", "redo"):
        redo = request.verb.name == "redo"
        return {undo(dataset, request, redo=redo, dry_run=dry_run): 1}
    drafts = plan(dataset, request)
    if not dry_run:
        write(dataset, drafts)
    return {draft.sequence: len(draft.changed) for draft in drafts}


def show(
    console: Console,
    edits: "Mapping[SequenceId, int]",
    outcomes: "Sequence[Outcome[Item, SequenceState]]",
) -> None:
    """Say what became of each sequence.

    Raises:
        PartlyDoneError: some sequences failed; where all did, the first one's error.
    """
    from tirdata.errors import PartlyDoneError

    outcomes = sorted(outcomes, key=lambda outcome: outcome.item.sequence)  # not as they ended
    done = [outcome.unwrap() for outcome in outcomes if outcome.error is None]
    failed = [(outcome.item.sequence.name, outcome.error) for outcome in outcomes if outcome.error]
    columns = ("sequence", "track", "class", "human", "generated", "empty", "confidence")
    rows = [
        (state.sequence, each.id, each.class_name, each.human, each.generated, each.empty,
         each.confidence)
        for state in done
        for each in state.tracks
    ]  # fmt: skip
    tracked, changed = sum(s.tracked for s in done), sum(s.files_changed for s in done)
    console.table("frames of each track", columns, rows)
    edited = sum(edits.values())
    console.say(f"edits: {edited}; frames tracked: {tracked}; XML files written: {changed}")
    if not (failed or tracked or changed or edited):
        console.say("nothing to do: the XML says what the journals say")
    for state in done:
        _remarks(console, state)
    console.document({"sequences": done, "failed": {name: str(error) for name, error in failed}})
    for name, error in failed:
        console.say(f"{name}: {error}")
    if failed and done:
        raise PartlyDoneError(f"{len(failed)} of {len(outcomes)} sequences failed: {failed[0][1]}")
    for _, error in failed:
        raise error


def _remarks(console: Console, state: "SequenceState") -> None:
    """What a person should look at in a sequence."""
    if stale := [str(each.id) for each in state.tracks if each.stale]:
        console.say(f"{state.sequence}: track {', '.join(stale)} changed since; --propagate")
    if alone := [str(each.id) for each in state.tracks if not each.human]:
        console.say(
            f"{state.sequence}: track {', '.join(alone)} has no person's box; draw or accept "
            "one, or --delete-track"
        )
    for each in state.tracks:
        if each.lost_from is not None:
            console.say(
                f"{state.sequence}: track {each.id} has no box in {each.lost} frames from "
                f"{each.lost_from} on; draw one there, or --end-track"
            )
    for over in state.burnt_in:
        console.say(f"{state.sequence} {over}")


def _request(
    sequences: tuple[str, ...], track: int | None, verbs: tuple[str, ...], *, box: str | None,
    boxes_file: Path | None, frame: int | None, until: int | None, class_name: str | None, **_: Any,
) -> "Request":  # fmt: skip
    from tirdata.annotate.drafts import Verb
    from tirdata.annotate.requests import Request
    from tirdata.errors import UsageError

    rows: tuple[Row, ...] = ()
    if box is not None:
        hidden = verbs == ("occluded",)
        verbs = () if hidden else verbs
        rows = (_row(box, frame=frame, track=track, class_name=class_name, occluded=hidden),)
    if len(verbs) + (box is not None) + (boxes_file is not None) > 1:
        raise UsageError("more than one of --box, --boxes and the verbs; give one at a time")
    verb = Verb(verbs[0], track, frame, until, class_name) if verbs else None
    return Request(sequences, rows, boxes_file, verb)


def _row(box: str, **given: Any) -> "Row":
    from tirdata.annotate.rows import Row
    from tirdata.config import check
    from tirdata.errors import UsageError

    sides = box.split(",")
    if len(sides) != 4:
        raise UsageError(f"--box {box}: {len(sides)} numbers; expected 4: x,y,w,h in pixels")
    if given["frame"] is None:
        raise UsageError("--box: in which frame; expected --frame N")
    return check({**dict(zip("xywh", sides, strict=True)), **given}, Row, where=f"--box {box}")
