"""What `tirdata annotate` only looks at: where a box would help, and what may be an object."""

from typing import TYPE_CHECKING, Any

from cli.console import Console

if TYPE_CHECKING:
    from tirdata.dataset.tree import Dataset

CHANGES = ("box", "boxes_file", "verbs", "edited", "propagate")


def look(
    console: Console, dataset: "Dataset", sequences: tuple[str, ...], *, track: int | None,
    suggest: int | None, candidates: int | None, frame: int | None, **given: Any,
) -> None:  # fmt: skip
    """Answer --suggest or --candidates; nothing is written.

    Raises:
        UsageError: it was asked together with a change, or no frame was named.
    """
    from tirdata.errors import UsageError

    if any(given.get(name) for name in CHANGES) or (suggest and candidates):
        raise UsageError("--suggest and --candidates stand alone; ask first, then draw")
    if suggest:
        _suggest(console, dataset, sequences, track, suggest)
    elif candidates:
        _candidates(console, dataset, sequences, frame, candidates)


def _suggest(
    console: Console, dataset: "Dataset", sequences: tuple[str, ...], track: int | None, count: int
) -> None:
    from tirdata.annotate.annotate import items
    from tirdata.annotate.journal import Journal
    from tirdata.annotate.replay import replay
    from tirdata.annotate.suggest import suggestions

    rows = []
    for item in items(dataset, sequences):
        humans = replay(Journal(dataset.journal_path(item.sequence)).read())
        frames = dataset.read_card(item.sequence).frames
        for human in humans.values():
            if track in (None, human.id):
                found = suggestions(human, frames, count)
                rows += [(item.sequence.name, human.id, *each) for each in found]
    rows = sorted(rows, key=lambda row: (-row[3], row[:3]))[:count]
    columns = ("sequence", "track", "frame", "gain", "doubt")
    shown = [(*row[:3], round(row[3], 1), round(row[4], 2)) for row in rows]
    console.table("where a box would help most", columns, shown)
    if not rows:
        console.say("nothing to suggest: no track has a person's box and frames beside it")
    console.document({"suggestions": [dict(zip(columns, row, strict=True)) for row in shown]})


def _candidates(
    console: Console, dataset: "Dataset", sequences: tuple[str, ...], frame: int | None, count: int
) -> None:
    from tirdata.annotate.candidates import candidates_in
    from tirdata.annotate.pictures import CardFrames
    from tirdata.errors import UsageError

    names = sequences or tuple(each.name for each in dataset.sequence_ids())
    if frame is None or len(names) != 1:
        raise UsageError("--candidates: of which frame; expected --frame N and one sequence")
    sequence = dataset.find(names[0])
    frames = CardFrames(dataset, sequence, dataset.read_card(sequence))
    if frame >= len(frames):
        raise UsageError(f"--frame {frame}: {sequence.name} has frames 0 to {len(frames) - 1}")
    found = candidates_in(frames, frame, count)
    shown = [(",".join(f"{side:.1f}" for side in each.box), each.score, each.why) for each in found]
    console.table(f"what may be an object in frame {frame}", ("box", "score", "why"), shown)
    if not found:
        console.say("nothing stands out; draw a box")
    console.document(
        {
            "sequence": sequence.name,
            "frame": frame,
            "candidates": [
                {"box": [round(side, 2) for side in each.box], "score": each.score, "why": each.why}
                for each in found
            ],
        }
    )
