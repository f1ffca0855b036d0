"""`tirdata doctor`: what works on this machine, and what to do about the rest."""

from pathlib import Path

import click

from cli.console import console_for
from cli.options import device_option, json_option, verbosity


@click.command("doctor")
@click.option("--dataset", "folder", type=click.Path(path_type=Path), default=Path(),
              show_default="here", metavar="DIR", help="Where datasets are to lie.")  # fmt: skip
@device_option
@json_option
@verbosity
def doctor(folder: Path, device: str | None, as_json: bool) -> None:
    """Example: tirdata doctor --device cuda

    Looks at Python, packages, codecs, torch and GPU, yt-dlp and its JavaScript runtime, weights
    and disk. Ends with status 5 if something that is needed, or was asked for, is missing.
    """
    from cli.checks import run_checks
    from tirdata.errors import MissingError

    console = console_for(json=as_json)
    checks = run_checks(folder, device)
    rows = [(each.name, each.status, each.found) for each in checks]
    console.table("this machine", ("what", "status", "found"), rows)
    for each in checks:
        if each.advice is not None:
            console.say(f"{each.name}: {each.advice}")
    missing = [each.name for each in checks if each.status == "missing"]
    console.document({"ok": not missing, "checks": checks})
    if missing:
        raise MissingError(f"missing: {', '.join(missing)}; what to do is said above")
