"""`tirdata weights`: networks' weights as files of ours."""

from pathlib import Path

import click

from cli.console import console_for
from cli.options import Registered, json_option, verbosity


@click.group("weights")
def weights() -> None:
    """Example: tirdata weights convert vgg16-397923af.pth --from vgg16-torch --out vgg16.st

    Weights that others publish, which cannot ship with this package, made ready for it.
    """


@weights.command("convert", short_help="Networks of others -> a file of ours.")
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--from", "kind", required=True, metavar="KIND",
              type=Registered("tracking.weights.convert:KINDS", "kind"),
              help="vgg16-torch, vgg16-mat, vgg16-keras, vggm-mat, mdnet, mmnet-mat.")  # fmt: skip
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path),
              metavar="FILE", help="Where the weights go, as safetensors.")  # fmt: skip
@click.option("--sha256", metavar="HEX",
              help="What the file's hash must begin with; default: its name says.")  # fmt: skip
@json_option
@verbosity
def convert(source: Path, kind: str, out: Path, sha256: str | None, as_json: bool) -> None:
    """Example: tirdata weights convert vgg16-397923af.pth --from vgg16-torch --out vgg16.st

    Reads weights as their publishers have them (torch's .pth, MatConvNet's .mat, Keras' .h5), sees
    that every tensor is there and has its shape, and writes those that are used, under our names.
    Nothing in the file is executed.
    """
    from tracking.weights.convert import convert as convert_file

    console = console_for(json=as_json)
    done = convert_file(kind, source, out, sha256)
    console.say(f"{source}: sha256 {done.sha256}")
    console.say(f"{done.tensors} tensors, {done.numbers:,} numbers written to {done.path}")
    console.document(done)
