"""`tirdata schema`: the JSON Schemas of every file that tirdata reads or writes.

A Config that describes a file is listed in `SCHEMAS`; `schemas/` holds what this command writes.
"""

import importlib
from pathlib import Path

import click

from cli.console import console_for
from cli.options import verbosity

SCHEMAS: dict[str, str] = {  # schemas/<name>.schema.json -> the Config it describes
    "dataset": "tirdata.dataset.tree:DatasetConfig",
    "fetch": "tirdata.dataset.settings:IngestConfig",
    "sources": "tirdata.fetch.sources_file:SourcesFile",
    "source": "tirdata.dataset.card:Source",
    "recording": "tirdata.decode.side_file:SideFile",
    "card": "tirdata.dataset.card:Card",
    "confidences": "tirdata.dataset.card:Confidences",
    "journal-entry": "tirdata.annotate.events:Entry",
    "annotate": "tirdata.annotate.annotate:AnnotateConfig",
    "masks": "tirdata.masks.manifest:MasksConfig",
    "masks-manifest": "tirdata.masks.manifest:MasksManifest",
    "masks-sequence": "tirdata.masks.manifest:SequenceMasks",
    "stats": "tirdata.statistics.document:StatsConfig",
    "statistics": "tirdata.statistics.document:Statistics",
    "statistics-row": "tirdata.statistics.document:SequenceRow",
    "export": "tirdata.layouts.export_manifest:ExportConfig",
    "export-manifest": "tirdata.layouts.export_manifest:ExportManifest",
    "recipe": "tirdata.mix.recipe:Recipe",
    "mix": "tirdata.mix.manifest:MixManifest",
    "mix-sample": "tirdata.mix.shards:Sample",
    "mix-pairs": "tirdata.mix.pairs:PairSample",
    "train": "tracking.training.config:TrainConfig",
    "pretrain": "tracking.training.pretrain_config:PretrainConfig",
    "train-refiner": "tracking.training.box_refiner_config:RefinerConfig",
    "train-global": "tracking.training.global_config:GlobalTrainConfig",
    "tracker-mmnet": "tracking.trackers.mmnet:MMNetConfig",
    "train-local": "tracking.training.local_config:LocalTrainConfig",
    "tracker-dual-attention": ("tracking.trackers.dual_attention_settings:DualAttentionConfig"),
    "tracker-mil": "tracking.trackers.opencv:MilConfig",
    "tracker-nano": "tracking.trackers.opencv:NanoConfig",
    "tracker-trax": "tracking.trackers.trax:TraxConfig",
    "tracker-command": "tracking.trackers.command:CommandConfig",
    "tracker-refined": "tracking.trackers.refined:RefinedConfig",
    "track": "tracking.evaluation.run:TrackConfig",
    "track-run": "tracking.evaluation.run:RunManifest",
    "evaluate": "tracking.evaluation.run:EvaluateConfig",
    "benchmark": "tracking.evaluation.benchmark:Benchmark",
    "rules-one-pass": "tracking.evaluation.protocols.one_pass:OnePassConfig",
    "rules-rgbt": "tracking.evaluation.protocols.rgbt:RgbtConfig",
    "rules-vot-supervised": "tracking.evaluation.protocols.vot_supervised:VotSupervisedConfig",
    "evaluation": "tracking.evaluation.evaluate:Evaluation",
    "scores": "tracking.evaluation.scores:Scores",
}


def schema_text(name: str) -> str:
    """The JSON Schema listed as ``name``."""
    from tirdata.config import json_schema

    module, kind = SCHEMAS[name].split(":")
    return json_schema(getattr(importlib.import_module(module), kind))


@click.command("schema")
@click.argument("name", required=False, type=click.Choice(list(SCHEMAS)), metavar="[NAME]")
@click.option("--write", is_flag=True, help="Write every schema into the folder.")
@click.option(
    "--folder", type=click.Path(file_okay=False, path_type=Path), default=Path("schemas"),
    show_default=True, help="Where --write puts them.",
)  # fmt: skip
@verbosity
def schema(name: str | None, write: bool, folder: Path) -> None:
    """Example: tirdata schema card

    Shows the JSON Schema of a file that tirdata reads or writes; without a name, lists them.
    """
    console = console_for()
    if write:
        from tirdata.files import write_text

        for each in SCHEMAS:
            write_text(folder / f"{each}.schema.json", schema_text(each))
        console.say(f"{len(SCHEMAS)} schemas written to {folder}")
    elif name is not None:
        click.echo(schema_text(name), nl=False)
    else:
        console.say("\n".join(SCHEMAS))
