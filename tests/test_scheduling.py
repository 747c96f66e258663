"""Tests of an estimator run in one process, with any release of pytest and pytest-xdist."""

from pathlib import Path

import pytest

scheduling = pytest.importorskip("tests.scheduling", reason="pytest-xdist is not installed")


def groups_of_classes(item):
    """Groups of the estimators among the parameters of a test."""
    values = item.callspec.params.values() if hasattr(item, "callspec") else ()
    names = [value.__name__ for value in values if isinstance(value, type)]
    return [scheduling.GROUPS[name] for name in names if name in scheduling.GROUPS]


def test_tests_of_an_estimator_share_a_group(request):
    problems = [
        item.nodeid
        for item in request.session.items
        if (groups := groups_of_classes(item)) and scheduling.group_of(item.nodeid) not in groups
    ]
    assert not problems, "\n".join(
        ["The ids of these tests must have the names of their estimators:", *problems]
    )


def test_meta_estimators_share_a_group_and_other_tests_that_of_their_file():
    parameters = ["[PretrainedClassifier-1]", "[2-PretrainedRegressor.predict]", "[1-2]", ""]
    groups = [scheduling.group_of(f"tests/test_fit.py::test_fit{p}") for p in parameters]
    assert groups == ["meta-estimators", "meta-estimators", *2 * ["tests/test_fit.py"]]


def test_marks_with_a_class_use_with_args():
    """Called with a class alone, a mark decorates the class, and pytest does not see the test."""
    call = "mark.representatives" + "("
    assert not [
        path.name for path in Path(__file__).parent.glob("*.py") if call in path.read_text()
    ]
