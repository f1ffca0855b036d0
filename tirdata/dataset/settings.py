"""All that a user may set for ``tirdata fetch``."""

from tirdata.fetch.settings import FetchConfig
from tirdata.frames.settings import NormaliseConfig


class IngestConfig(FetchConfig, NormaliseConfig):
    """Settings of ``tirdata fetch``; what a row of a sources file says wins over them."""

    again: bool = False
    """Make the sequences of recordings that are in the dataset again, with these settings."""

    @property
    def normalise(self) -> NormaliseConfig:
        """Those of the way from raw frames to stored ones; set are those that are set here."""
        return NormaliseConfig.model_validate(
            self.model_dump(include=set(NormaliseConfig.model_fields), exclude_unset=True)
        )
