"""The plan of all trainings, its table, and one small run of it from end to end."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from benchmarks import results
from benchmarks.annotated import Clip
from benchmarks.results_plan import (
    Budget,
    Experiment,
    Run,
    Table,
    key_of,
    plan,
    settings_of,
    start_of,
    toml_of,
)
from benchmarks.results_table import Score, difference, table_of
from cli.main import main as tirdata
from tests.made import made_sequence
from tests.made_mix import build, made_trees, recipe_of
from tirdata.config import load
from tirdata.errors import ConfigError, UsageError
from tracking.training.config import STRATEGIES, TrainConfig

TABLE = load(Path(results.__file__).with_suffix(".toml"), Table, {})
SMALL = """
reference = "only-vid"
[budget.test]
note = "One step each."
seeds = [0]
tracker = { profile = "fast" }
sources = { svanstrom = 3 }
pairs = 8
[budget.test.settings]
batch = 1
pairs_per_epoch = 1
[budget.test.from_scratch]
epochs = 1
[budget.test.from_weights]
epochs = 1
[[experiment]]
name = "only-vid"
label = "visible"
tables = ["strategies"]
strategy = "only-vid"
branches = ["dis", "fin"]
[[experiment]]
name = "re-train"
label = "then thermal"
tables = ["strategies"]
strategy = "re-train"
branches = ["dis", "fin"]
init = "only-vid"
"""


@pytest.mark.parametrize("name", sorted(TABLE.budget))
def test_every_run_of_every_budget_is_a_valid_training(name: str) -> None:
    budget = TABLE.budget[name]
    runs = plan(TABLE, budget)
    assert len({run.name for run in runs}) == len(runs)
    for place, run in enumerate(runs):
        settings = settings_of(run, budget, "cpu")
        config = TrainConfig.model_validate(tomllib.loads(toml_of(settings)))
        assert (config.seed, config.strategy) == (run.seed, run.experiment.strategy)
        assert STRATEGIES[config.strategy].needs_init == (start_of(run) is not None)
        if start_of(run) is not None:
            assert start_of(run) in {each.name for each in runs[:place]}


def test_the_table_has_all_strategies_and_the_row_that_table_1_lacks() -> None:
    trained = [each for each in TABLE.experiment if not each.shipped and not each.settings]
    assert {each.strategy for each in trained} == set(STRATEGIES)
    ablation = [each.branches for each in trained if "ablation" in each.tables]
    assert {("dis",), ("dis", "cls"), ("dis", "cls", "fin"), ("dis", "cls", "hc"),
            ("dis", "cls", "pc"), ("dis", "cls", "hc", "pc")} <= {*ablation}  # fmt: skip


def test_the_paper_budget_changes_nothing_that_the_paper_says() -> None:
    budget = TABLE.budget["paper"]
    for run in plan(TABLE, budget):
        if run.experiment.shipped or run.experiment.settings:
            continue
        config = TrainConfig.model_validate(settings_of(run, budget, "cpu"))
        same = {"strategy": run.experiment.strategy, "branches": run.experiment.branches,
                "seed": run.seed, "device": "cpu", "workers": config.workers}  # fmt: skip
        assert config == TrainConfig.model_validate(same)


def test_a_start_that_comes_later_is_refused() -> None:
    late = TABLE.model_copy(update={"experiment": TABLE.experiment[::-1]})
    with pytest.raises(ConfigError, match="starts from only-vid, which is not before it"):
        plan(late, TABLE.budget["small"])
    budget = TABLE.budget["small"].model_copy(update={"more": {"all": (1,)}})
    with pytest.raises(ConfigError, match="no experiment all"):
        plan(TABLE, budget)


def test_what_decides_a_row_is_in_its_key() -> None:
    budget = TABLE.budget["small"]
    settings = settings_of(Run(TABLE.experiment[1], 0), budget, "cpu")
    key = key_of(settings, None, budget, "mix")
    assert key == key_of({**settings, "device": "cuda", "workers": 3}, None, budget, "mix")
    others = (
        key_of({**settings, "seed": 1}, None, budget, "mix"),
        key_of(settings, "only-vid-seed0", budget, "mix"),
        key_of(settings, None, budget.model_copy(update={"sources": {"tass": 9}}), "mix"),
        key_of(settings, None, budget, "another mix"),
    )
    assert len({key, *others}) == 5


def score(seed: int, sky: float) -> Score:
    clips = {
        "svanstrom": {name: {"mean_overlap": sky} for name in ("a", "b")},
        "antiuav": {"antiuav-41": {"mean_overlap": 0.2}},
    }
    return Score(run=f"mix-{seed}", experiment="mix", seed=seed, key="", command=["tirdata"],
                 steps=5, pairs=40, took={"cpu_s": 7.0, "wall_s": 9.0},
                 matching={"found": 0.5, "told_apart": 0.75}, clips=clips)  # fmt: skip


def test_seeds_are_averaged_and_their_range_told() -> None:
    row = Experiment(name="mix", label="both", tables=("strategies",))
    table = Table(reference="mix", budget={}, experiment=(row,))
    lines = table_of("strategies", table, [score(0, 0.6), score(1, 0.8)]).splitlines()
    assert lines[2] == (
        "| both | 0, 1 | 40 | 0.500 (0.500 to 0.500) | 0.750 (0.750 to 0.750) "
        "| 0.700 (0.600 to 0.800) | 0.200 (0.200 to 0.200) |  | 7 |"
    )
    assert table_of("ablation", table, [score(0, 0.6)]).count("\n") == 1
    assert difference([score(0, 0.6)], [score(1, 0.8)]) == "+0.133 (+0.000 to +0.200)"
    assert difference([score(0, 0.6), score(1, 0.7)], [score(0, 0.65)]).startswith("+0.000")


def test_all_is_trained_scored_tabled_and_not_done_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    build(recipe_of(*made_trees(tmp_path, recordings=3, count=6)), tmp_path / "mix")
    (tmp_path / "table.toml").write_text(SMALL)
    sequence = made_sequence(4)
    frames = [sequence.frames[number] for number in range(4)]
    clip = Clip("made", "svanstrom", frames, sequence.tracks[0].boxes)
    monkeypatch.setattr(
        results, "held_out_clips", lambda data, source, take: [clip] * (source == "svanstrom")
    )
    trained: list[str] = []

    def run(words: list[str], *, check: bool) -> None:
        trained.append(words[words.index("--out") + 1])
        done = CliRunner().invoke(tirdata, words[words.index("train") :])
        assert done.exit_code == 0, done.output

    monkeypatch.setattr("benchmarks.results.subprocess.run", run)
    words = ["--mix", str(tmp_path / "mix"), "--table", str(tmp_path / "table.toml"), "--budget",
             "test", "--device", "cpu", "--out", str(tmp_path / "out")]  # fmt: skip
    results.main([*words, "--dry-run"])
    assert not trained
    results.main(words)
    out = tmp_path / "out" / "test"
    assert [Path(each).name for each in trained] == ["only-vid-seed0", "re-train-seed0"]
    table = (out / "results.md").read_text()
    assert "One step each." in table
    assert "| then thermal | 0 | 1 | " in table
    assert "--init" in table
    assert (out / "curves.png").stat().st_size > 1000

    (out / "re-train-seed0" / "score.json").unlink()  # killed before it was scored
    results.main(words)
    assert [Path(each).name for each in trained[2:]] == ["re-train-seed0"]
    assert (out / "results.md").read_text().count("| visible |") == 1
    (tmp_path / "table.toml").write_text(SMALL.replace("svanstrom = 3", "svanstrom = 4"))
    with pytest.raises(UsageError, match="made by other settings"):
        results.main(words)
    with pytest.raises(UsageError, match="--budget large"):
        results.main([*words, "--budget", "large"])
    assert "2/2 re-train-seed0" in capsys.readouterr().out


def test_without_a_held_out_clip_it_says_so(tmp_path: Path) -> None:
    given = results.parse(["--mix", str(tmp_path), "--data", str(tmp_path)])
    (tmp_path / "mix.json").write_text("{}")
    with pytest.raises(UsageError, match="no held-out clip"):
        results.Bench(given, TABLE).clips()


def one_of(budget: Budget) -> dict[str, Any]:
    return settings_of(Run(TABLE.experiment[1], 0), budget, "cpu")


def test_a_small_budget_says_what_it_is() -> None:
    note = TABLE.budget["small"].note
    assert "not results" in note
    pairs = one_of(TABLE.budget["small"])
    assert f"{pairs['epochs'] * pairs['pairs_per_epoch']} pairs from scratch" in note
