"""What a person is told of a sequence once it is made, in a few words."""

from dataclasses import dataclass

from tirdata.dataset.card import Card


@dataclass(frozen=True)
class Decided:
    """What was decided about one sequence."""

    sequence: str
    frames: int
    polarity: str
    palette: str
    tone: str
    burnt_in: int  # regions of text and the like
    repeated: int  # frames, frozen ones among them
    frozen: int
    review: bool  # a person should look at its polarity
    warnings: tuple[str, ...] = ()


def decided(name: str, card: Card, known: tuple[str, ...] = ()) -> Decided:
    """What the card of sequence ``name`` says; warnings that are ``known`` are left out."""
    polarity = card.polarity
    score = "" if polarity.score is None else f" {polarity.score:.2f}"
    return Decided(
        sequence=name,
        frames=card.frames,
        polarity=f"{polarity.value}, {polarity.how}{score}",
        palette=card.palette.name,
        tone=card.tone.curve,
        burnt_in=len(card.hud.regions),
        repeated=len(card.repeated_frames),
        frozen=len(card.frozen_frames),
        review=polarity.review,
        warnings=tuple(warning for warning in card.warnings if warning not in known),
    )
