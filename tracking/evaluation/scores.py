"""What an evaluation says: of one target, of a tracker over a data set, and how fast it was."""

from typing import Annotated

from pydantic import Field

from tirdata.config import Config

Share = Annotated[float, Field(ge=0, le=1)]


class RunScore(Config):
    """One repetition on one target, where a protocol restarts the tracker."""

    overlaps: tuple[float | None, ...]
    """Of each frame; none where there is no region or it does not count."""
    wide: tuple[float | None, ...] = ()
    """The same in a frame of one column and row more, as accuracy is counted; empty = no other."""
    starts: tuple[int, ...]
    """Frames on which it was started, from 0."""
    failures: tuple[int, ...]
    """Frames on which it had lost the target, from 0."""


class Course(Config):
    """What happened on a target, frame by frame, in one pass."""

    start: int
    """The first frame, from 0."""
    stop: int
    """One past the last."""
    lost: tuple[tuple[int, int], ...]
    """Stretches of counted frames that the answer does not overlap: first, one past the last."""


class TargetScore(Config):
    """One target: one object of one sequence."""

    name: str
    """The sequence's name; with ``#`` and the track's number where a sequence has several."""
    frames: Annotated[int, Field(ge=0)]
    """Frames that were counted."""
    values: dict[str, float]
    """Measures by name."""
    curves: dict[str, tuple[float, ...]]
    """Curves by name."""
    notes: tuple[str, ...] = ()
    """What was found in the result and how it was treated."""
    attributes: tuple[str, ...] = ()
    """Challenges of the sequence, sorted."""
    runs: tuple[RunScore, ...] = ()
    """Repetitions, where the protocol has such."""
    course: Course | None = None
    """Where the tracker had lost the target, where it is never started again."""
    tags: dict[str, tuple[int, ...]] = Field(default_factory=dict)
    """Frames by what the data set marks them with, where the protocol scores by it."""


class Failure(Config):
    """A target that has no score."""

    name: str
    """As in ``TargetScore``, or a sequence that cannot be read."""
    error: str
    """Why."""


class Subset(Config):
    """The mean over the targets, or frames, with one challenge."""

    targets: int
    """How many have it."""
    values: dict[str, float]
    """Measures by name."""


class Summary(Config):
    """The mean over targets."""

    targets: int
    """Targets that have a score."""
    values: dict[str, float]
    """Measures by name."""
    curves: dict[str, tuple[float, ...]]
    """Curves by name."""
    dropped: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """By curve: targets left out of its mean because they never score, where the rules say so."""
    attributes: dict[str, Subset] = Field(default_factory=dict)
    """By challenge."""


class Speed(Config):
    """Time inside the tracker; reading frames is not counted."""

    frames: Annotated[int, Field(ge=1)]
    """Frames that were given to the tracker, first ones included."""
    starts: Annotated[int, Field(ge=1)]
    """How often it was started."""
    seconds: Annotated[float, Field(ge=0)]
    """In all."""
    start_seconds: Annotated[float, Field(ge=0)]
    """Of these, for starting on the first frames."""

    @property
    def fps(self) -> float:
        """Frames per second, starts included."""
        return self.frames / max(self.seconds, 1e-9)

    @property
    def fps_without_start(self) -> float:
        """Frames per second, starts left out."""
        return (self.frames - self.starts) / max(self.seconds - self.start_seconds, 1e-9)


class Machine(Config):
    """Where something ran."""

    cpu: str
    """Name of the processor."""
    cores: int
    """Cores that this process may use."""
    gpu: str | None = None
    """Name of the GPU that the tracker ran on; none = CPU."""
    system: str
    """Operating system."""
    versions: dict[str, str]
    """Of Python and of the packages that decide the numbers."""


class Scores(Config):
    """``EVALUATION/<name>/scores.json``: a tracker on a data set by the rules of a benchmark."""

    name: str
    """What the tracker is called in tables."""
    benchmark: str
    """Name of the benchmark whose rules were used."""
    truth_sha256: str
    """Of the ground truth, so that scores on other boxes are not compared."""
    results: str
    """Folder of the raw results."""
    origin: int
    """Number of the first pixel in them."""
    summary: Summary
    """The mean over targets."""
    targets: tuple[TargetScore, ...]
    """Each target, by name."""
    failed: tuple[Failure, ...] = ()
    """Targets without a score; they are in no mean."""
    speed: Speed | None = None
    """Where the tracker ran here."""
    machine: Machine | None = None
    """Where the tracker ran here."""
    workers: int | None = None
    """Targets that ran at once; more than one makes each slower."""
    settings: dict[str, object] | None = None
    """Of the tracker, where it ran here."""
