"""Docstrings say what there is: every parameter, attribute and method, and examples that run."""

import doctest
import inspect
import re

import pytest

import skae
from tests.discovery import AUTOENCODERS, ESTIMATORS

PUBLIC = [getattr(skae, name) for name in skae.__all__ if not name.startswith("__")]
each_public = pytest.mark.parametrize(
    "thing", [t for t in PUBLIC if callable(t)], ids=lambda t: t.__name__
)
each_estimator = pytest.mark.parametrize("cls", ESTIMATORS)
METHODS = [
    pytest.param(method, id=f"{cls.__name__}.{name}")
    for cls in ESTIMATORS
    for name, method in inspect.getmembers(cls, inspect.isfunction)
    if not name.startswith("_") and method.__module__.startswith("skae")
]


def section(docstring, title):
    """The body of a numpydoc section, '' where there is none."""
    found = re.search(
        rf"^{title}\n-{{{len(title)}}}\n(.*?)(?=^\w[\w ]*\n-{{3,}}\n|\Z)",
        inspect.cleandoc(docstring or ""),
        re.MULTILINE | re.DOTALL,
    )
    return found.group(1) if found else ""


def entries(docstring, title):
    """Name -> type line of a section's entries; ``a, b : int`` gives two."""
    found = {}
    for line in section(docstring, title).splitlines():
        match = re.match(r"^(\*{0,2}\w+(?:, \*{0,2}\w+)*)(?: : (.*))?$", line)
        if match:
            for name in match.group(1).split(", "):
                found[name] = match.group(2) or ""
    return found


def parameters_of(function):
    return [
        {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "") + name
        for name, p in inspect.signature(function).parameters.items()
        if name not in ("self", "cls")
    ]


@each_public
def test_public_names_have_docstrings(thing):
    summary = inspect.cleandoc(thing.__doc__ or "").split("\n\n")[0]
    assert summary.endswith("."), f"no summary: {summary!r}"


@each_estimator
def test_every_parameter_is_documented_in_order(cls):
    documented = entries(cls.__doc__, "Parameters")
    assert list(documented) == parameters_of(cls)


@each_estimator
def test_documented_defaults_are_the_defaults(cls):
    documented = entries(cls.__doc__, "Parameters")
    for name, parameter in inspect.signature(cls).parameters.items():
        match = re.search(r"default=(.*)$", documented[name])
        assert match, f"{name} names no default: {documented[name]!r}"
        value = eval(match.group(1), {"__builtins__": {}})
        assert value == parameter.default, f"{name}: default={value!r}, is {parameter.default!r}"


@each_estimator
def test_every_fitted_attribute_is_documented(cls, fitted):
    documented = set(entries(cls.__doc__, "Attributes"))
    present = {n for n in vars(fitted(cls)) if n.endswith("_") and not n.startswith("_")}
    assert present <= documented, f"not documented: {present - documented}"
    assert documented - {"feature_names_in_"} <= {n for n in dir(fitted(cls)) if n.endswith("_")}, (
        "documented, but not there"
    )


@each_estimator
@pytest.mark.parametrize("title", ["Parameters", "Attributes", "References", "Examples"])
def test_sections_are_there(cls, title):
    assert section(cls.__doc__, title).strip()


@pytest.mark.parametrize("method", METHODS)
def test_methods_document_parameters_and_result(method):
    if method.__name__ in ("set_fit_request", "set_partial_fit_request"):
        return
    assert list(entries(method.__doc__, "Parameters")) == parameters_of(method)
    assert section(method.__doc__, "Returns").strip()


# what scikit-learn and skl2onnx call, and users do not
NOT_CALLED_BY_USERS = {"onnx_converter", "onnx_shape_calculator"}


@pytest.mark.parametrize("method", METHODS)
def test_methods_document_what_they_raise(method):
    name = method.__name__
    if not (name.startswith("set_") or name in NOT_CALLED_BY_USERS):
        assert section(method.__doc__, "Raises").strip()


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_there_is_an_example(cls):
    """`make doctest` runs them."""
    assert doctest.DocTestParser().get_examples(cls.__doc__)


def test_formulas_and_limits_are_documented():
    """What the issue asks to be written down for the user."""
    cls = skae.AutoencoderTransformer
    for topic in ("2e7", "alpha / 2", "cross-validation", "2,000", "patience|n_iter_no_change"):
        assert re.search(topic, cls.__doc__), topic
    assert "transform_input" in cls.fit.__doc__
    assert re.search("explained variance|1 - ", cls.score.__doc__)
    assert "higher" in cls.score_samples.__doc__.lower()


@pytest.mark.parametrize("cls", AUTOENCODERS)
def test_fitted_repr_and_html_work(cls, fitted):
    assert cls.__name__ in repr(fitted(cls))
    assert cls.__name__ in fitted(cls)._repr_html_()
