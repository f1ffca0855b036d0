"""What is wrong with single records of a file: an error at once, or kept while the rest goes on."""

import logging

from tirdata.errors import AnnotationError

logger = logging.getLogger(__name__)

KEPT = 1000  # messages; all are counted


class Faults:
    """Collects faults, which cost their record, and notes, which cost nothing."""

    def __init__(self, *, strict: bool = True) -> None:
        self.strict = strict
        self.count = 0
        self.messages: list[str] = []
        self.notes: list[str] = []

    def add(self, message: str) -> None:
        """A record is wrong and is left out.

        Raises:
            AnnotationError: strict; the message.
        """
        if self.strict:
            raise AnnotationError(message)
        self.count += 1
        if len(self.messages) < KEPT:
            self.messages.append(message)

    def note(self, message: str) -> None:
        """Something that a person should know and that is no fault."""
        self.notes.append(message)

    def log_notes(self) -> None:
        """Say the notes where nobody else will."""
        for note in self.notes:
            logger.warning("%s", note)
