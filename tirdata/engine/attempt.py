"""One item's work, with every way of failing turned into an outcome: shared by all engines."""

import logging
import traceback
from collections.abc import Callable
from pathlib import PurePath

from tirdata.engine.base import Item, Outcome, Result
from tirdata.errors import TirDataError

logger = logging.getLogger(__name__)


def attempt(work: Callable[[Item], Result], item: Item) -> Outcome[Item, Result]:
    """``work(item)`` as an outcome; where a fault came from is logged at debug level."""
    try:
        return Outcome(item, work(item), None)
    except TirDataError as error:
        logger.debug("%s failed: %s", label(item), traceback.format_exc())
        return Outcome(item, None, error)
    except (Exception, SystemExit) as error:  # the border: a failure becomes data
        logger.debug("%s failed: %s", label(item), traceback.format_exc())
        kind = type(error).__name__
        return Outcome(item, None, TirDataError(f"{label(item)}: {kind}: {error}"))


def label(item: object) -> str:
    """What to call an item in a message: its name if it has one."""
    return str(item if isinstance(item, PurePath) else getattr(item, "name", item))
