"""`tirdata review`: a web page on this machine to look, correct and accept."""

import webbrowser
from pathlib import Path

import click

from cli.annotating import tracking_of
from cli.console import console_for
from cli.options import config_option, device_option, set_option, verbosity

NOTHING = "none"


@click.command("review")
@click.argument("dataset", type=click.Path(path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS",
              help="Where to listen; beyond this machine, a token is asked for.")  # fmt: skip
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True,
              metavar="N", help="0 takes any that is free.")  # fmt: skip
@click.option("--open", "show", is_flag=True, help="Open it in a browser.")
@click.option("--tracker", metavar="NAME",
              help="Of the registry, interpolate, or none; mmnet by default.")  # fmt: skip
@click.option("--weights", type=click.Path(path_type=Path), metavar="FILE", help="The tracker's.")
@set_option
@click.option("--refine/--no-refine", default=None,
              help="Make the tracker's boxes tighter by a learned head.")  # fmt: skip
@config_option
@device_option
@verbosity
def review(
    dataset: Path, host: str, port: int, show: bool, tracker: str | None, weights: Path | None,
    config_path: Path | None, device: str | None, settings: tuple[str, ...],
    refine: bool | None,
) -> None:  # fmt: skip
    """Example: tirdata review thermal --open

    Serves a page on which boxes are looked at, drawn, corrected and accepted, the most doubtful
    sequence first. What you say is in the journal before the page says so; the spans that it
    touches are propagated in the background. Ctrl-C ends it, and loses nothing.
    """
    from tirdata.dataset.tree import Dataset
    from tirdata.review.serve import check_installed, serve

    console = console_for(json=False)
    check_installed()
    data = Dataset.open(dataset)
    tracking = None
    if tracker != NOTHING:
        tracking = tracking_of(
            config_path, tracker, weights, device, again=False, settings=settings, refine=refine
        )

    def ready(address: str) -> None:
        console.say(f"review: {address}")
        if show:
            webbrowser.open(address)

    serve(data, tracking, host, port, ready)
