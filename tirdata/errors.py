"""Every error of ours, one tree, each with the exit status the command line ends with.

TirDataError                1   anything of ours
├── StorageError            1   a file cannot be written (disk full, read-only)
├── FetchError              1   a link gives no file
├── WorkerError             1   the process that worked on an item died, or is no longer fit to
├── TrackerError            1   a program that tracks died, hung or answered nonsense
├── BusyError               1   another process is writing the same file
├── UsageError              2   what the user asked for makes no sense
│   └── ConfigError         2   a setting is unknown or out of range
├── DataError               3   a file is not what it should be
│   ├── DecodeError         3   a recording cannot be read (wholly)
│   ├── AnnotationError     3   boxes, tracks, XML or journal are wrong
│   │   └── ConflictError   3   somebody said something else in the meantime
│   ├── WeightsError        3   a tracker cannot be built from its weights
│   └── VersionError        3   made by a newer tirdata
├── PartlyDoneError         4   some items failed; the manifest says which
├── MissingError            5   something outside is missing: GPU, weights, package
└── StoppedError            130 the user stopped it

A message is one line: which file or item, what was found; what was expected or what to do.
"""


class TirDataError(Exception):
    """Base of all; carries the exit status of the process."""

    exit_code = 1


class StorageError(TirDataError):
    """A file cannot be written."""


class FetchError(TirDataError):
    """A link gives no file."""


class WorkerError(TirDataError):
    """The process that worked on an item died; raised in it, it is not fit for another item."""


class TrackerError(TirDataError):
    """A program that tracks died, hung or answered nonsense."""


class BusyError(TirDataError):
    """Another process is writing the same file."""


class UsageError(TirDataError):
    """What the user asked for makes no sense."""

    exit_code = 2


class ConfigError(UsageError):
    """A setting is unknown, of the wrong kind or out of range."""


class DataError(TirDataError):
    """A file is not what it should be."""

    exit_code = 3


class DecodeError(DataError):
    """A recording cannot be read, or not to its end."""


class AnnotationError(DataError):
    """Boxes, tracks, an XML or a journal are wrong."""


class ConflictError(AnnotationError):
    """What an edit is meant for is not what holds now."""


class WeightsError(DataError):
    """A tracker cannot be built from its weights; no target can be run."""


class VersionError(DataError):
    """Made by a newer tirdata than this one."""


class PartlyDoneError(TirDataError):
    """Some items failed; the manifest says which and why."""

    exit_code = 4


class MissingError(TirDataError):
    """Something outside is missing: GPU, weights, optional package."""

    exit_code = 5


class StoppedError(TirDataError):
    """The user stopped the work; what is done is kept."""

    exit_code = 130
