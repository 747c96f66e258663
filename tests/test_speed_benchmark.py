"""What the speed benchmark computes of its measurements, and that its parts are well-formed."""

import sys
from datetime import date
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(autouse=True)
def benchmarks_on_the_path(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield
    # their names are too plain to stay among the tests' modules
    for name in [
        n for n, m in sys.modules.items() if str(BENCHMARKS) in str(m.__dict__.get("__file__"))
    ]:
        del sys.modules[name]


def test_a_task_travels_as_json_and_knows_its_layers():
    from speed_task import LARGE, USUAL, Task

    assert Task.from_json(LARGE.to_json()) == LARGE
    assert USUAL.name == "784-128-32-128-784"
    assert USUAL.linear_layers() == (1, 3)
    # 2 * (784 * 128 * 5 + 128 * 32 * 6) a sample: the samples' own slopes are not needed
    assert USUAL.products(10) == 10 * 2 * (784 * 128 * 5 + 128 * 32 * 6)


def test_exponents_of_exact_powers_are_found():
    from speed_scaling import exponent

    sizes = [10, 100, 1000]
    assert exponent(sizes, [0.1 * size**1.5 for size in sizes]) == pytest.approx(1.5)


def test_ratios_are_taken_turn_by_turn():
    from turns import Times

    times = Times()
    # the machine is ten times slower in the second turn: that is no one's merit
    for slow, ours, theirs in ((1, 1.0, 2.0), (10, 1.0, 2.0), (1, 1.1, 2.0)):
        times.add("ours", {"seconds": slow * ours})
        times.add("theirs", {"seconds": slow * theirs})
    assert times.ratio("ours", "theirs") == 0.5
    assert times.fastest(["theirs", "ours", "absent"]) == "ours"


def test_every_peer_names_its_packages_and_lacking_ones_are_told(capsys):
    from speed_task import SMALL
    from turns import Peers, packages_of

    names = [path.stem for path in (BENCHMARKS / "peers").glob("*.py")]
    peers = Peers()
    for name in names:
        if not name.startswith("_"):
            assert packages_of(name), name
    peers.versions = {}
    assert not peers.turns({"torch_eager": SMALL}).turns
    assert "skipped: torch not installed" in capsys.readouterr().out


def test_a_peer_fits_in_a_process_of_its_own(tmp_path):
    import numpy as np
    from speed_task import SMALL
    from turns import Peers

    X = np.random.default_rng(0).random((64, 64), dtype=np.float32)
    np.save(tmp_path / "X.npy", X)
    task = SMALL.asked(samples=str(tmp_path / "X.npy"), epochs=2, measure="fresh")
    times = Peers(repeats=1).turns({"mlp_regressor": task}, whole=True)
    assert times.median("mlp_regressor") > 0


def test_the_table_keeps_parts_that_were_not_run():
    from bars import Bar
    from speed_section import Section
    from speed_table import merged, section_text

    def text(title, value):
        section = Section(title, bars=[Bar("a / b", value, 1.0, 1.0)], note="Why.")
        return section_text(section, "this machine", date(2026, 1, 2))

    order = ["one", "two", "three"]
    page = merged("", {"three": text("Three", 2.0), "one": text("One", 0.5)}, order)
    page = merged(page, {"two": text("Two", 0.5)}, order)
    titles = [line for line in page.splitlines() if line.startswith("### ")]
    assert titles == ["### One", "### Two", "### Three"]
    again = merged(page, {"three": text("Three", 0.25)}, order)
    assert "| a / b | 2 | at most 1 | not kept |" in page
    assert "| a / b | 0.25 | at most 1 | kept |" in again and "not kept" not in again
    assert page.count("Measured 2026-01-02 on this machine.") == 3
