"""The speed benchmark: ratios, exponents, peers in their own processes, and the table."""

import sys
from datetime import date
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(autouse=True)
def benchmarks_on_the_path(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield
    # Their generic names could collide with other modules of the tests.
    for name in [
        n for n, m in sys.modules.items() if str(BENCHMARKS) in str(m.__dict__.get("__file__"))
    ]:
        del sys.modules[name]


def test_task_json_roundtrip_layers_and_flops():
    from speed_task import LARGE, MEDIUM, Task

    assert Task.from_json(LARGE.to_json()) == LARGE
    assert MEDIUM.name == "784-128-32-128-784"
    assert MEDIUM.linear_layers() == (1, 3)
    # 2 * (784 * 128 * 5 + 128 * 32 * 6) per sample: the gradient of the input is not computed
    assert MEDIUM.flops(10) == 10 * 2 * (784 * 128 * 5 + 128 * 32 * 6)


def test_exponent_of_a_power_law():
    from speed_scaling import exponent

    sizes = [10, 100, 1000]
    assert exponent(sizes, [0.1 * size**1.5 for size in sizes]) == pytest.approx(1.5)


def test_ratios_are_paired_by_repeat():
    from peer_runs import Measurements

    times = Measurements()
    # The machine is ten times slower in the second repeat, which must not change the ratio.
    for slow, ours, theirs in ((1, 1.0, 2.0), (10, 1.0, 2.0), (1, 1.1, 2.0)):
        times.add("ours", {"seconds": slow * ours})
        times.add("theirs", {"seconds": slow * theirs})
    assert times.ratio("ours", "theirs") == 0.5
    assert times.fastest(["theirs", "ours", "absent"]) == "ours"


def test_every_peer_defines_its_packages_and_missing_ones_are_printed(capsys):
    from peer_runs import Peers, packages_of
    from speed_task import SMALL

    names = [path.stem for path in (BENCHMARKS / "peers").glob("*.py")]
    peers = Peers()
    for name in names:
        if not name.startswith("_"):
            assert packages_of(name), name
    peers.versions = {}
    assert not peers.run_all({"torch_eager": SMALL}).runs
    assert "skipped: torch not installed" in capsys.readouterr().out


@pytest.mark.thorough
def test_a_peer_fits_in_its_own_process(tmp_path):
    import numpy as np
    from peer_runs import Peers
    from speed_task import SMALL

    X = np.random.default_rng(0).random((64, 64), dtype=np.float32)
    np.save(tmp_path / "X.npy", X)
    task = SMALL.replace(samples=str(tmp_path / "X.npy"), epochs=2, measure="fresh")
    times = Peers(repeats=1).run_all({"mlp_regressor": task}, whole=True)
    assert times.median("mlp_regressor") > 0


def test_the_table_keeps_sections_of_other_parts():
    from speed_section import Section
    from speed_table import merged, section_text
    from targets import Result

    def text(title, value):
        section = Section(title, results=[Result("a / b", value, 1.0, 1.0)], note="Why.")
        return section_text(section, "this machine", date(2026, 1, 2))

    order = ["one", "two", "three"]
    page = merged("", {"three": text("Three", 2.0), "one": text("One", 0.5)}, order)
    page = merged(page, {"two": text("Two", 0.5)}, order)
    titles = [line for line in page.splitlines() if line.startswith("### ")]
    assert titles == ["### One", "### Two", "### Three"]
    again = merged(page, {"three": text("Three", 0.25)}, order)
    assert "| a / b | 2 | at most 1 | not met |" in page
    assert "| a / b | 0.25 | at most 1 | met |" in again and "not met" not in again
    assert page.count("Measured 2026-01-02 on this machine.") == 3
