"""`tirdata duplicates`: sequences that show the same under two names."""

from pathlib import Path

import click

from cli.console import console_for
from cli.options import engine_option, json_option, verbosity, workers_option


@click.command("duplicates")
@click.argument("folders", nargs=-1, required=True, metavar="DATASET...",
                type=click.Path(exists=True, file_okay=False, path_type=Path))  # fmt: skip
@click.option(
    "--format", "layout", metavar="LAYOUT",
    help="How the folders are laid out, where that cannot be seen: otb, lasot, gtot and so on.",
)  # fmt: skip
@engine_option
@workers_option
@json_option
@verbosity
def duplicates(
    folders: tuple[Path, ...], layout: str | None, engine: str, workers: int, as_json: bool
) -> None:
    """Example: tirdata duplicates mydata othersdata

    Finds sequences of different recordings that show the same, exactly or nearly: re-encoded,
    resized, cut shorter, mirrored, slightly cropped, with a logo. build-mix keeps such together.
    """
    from tirdata.dataset.duplicates import duplicate_groups, find_duplicates
    from tirdata.engine import build_engine
    from tirdata.errors import PartlyDoneError
    from tirdata.layouts.portrait import sit, sitters

    console = console_for(json=as_json)
    all_sitters = sitters(folders, layout)
    done, failed = {}, []
    with console.progress("look", len(all_sitters)) as progress:
        for outcome in build_engine(engine, workers).map(sit, all_sitters):
            if outcome.error is not None:
                failed.append(outcome.error)
            else:
                done[outcome.item] = outcome.unwrap()
            progress.advance()
    known = [each for each in all_sitters if each in done]
    names = [each.name for each in known]
    pairs = find_duplicates([done[each] for each in known])
    groups = duplicate_groups(len(names), pairs)
    found = [
        {"first": names[pair.first], "second": names[pair.second], **vars(pair.match)}
        for pair in pairs
    ]
    columns = ("first", "second", "kind", "share", "offset_s", "mirrored", "inverted", "alike")
    console.table("duplicates", columns, [[each[name] for name in columns] for each in found])
    console.say(f"{len(names)} sequences: {len(pairs)} pairs of duplicates in {len(groups)} groups")
    console.document(
        {"sequences": len(names), "pairs": found,
         "groups": [[names[each] for each in group] for group in groups],
         "failed": [str(error) for error in failed]}
    )  # fmt: skip
    if len(failed) == 1:
        raise failed[0]
    if failed:
        raise PartlyDoneError(f"{len(failed)} of {len(all_sitters)} sequences; first: {failed[0]}")
