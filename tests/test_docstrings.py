"""Docstrings against the code: parameters, defaults, attributes, methods, sections, examples.

What can be read without a fit is checked in loops that report every fault of an estimator at once,
with what to do. All of it is in `make test`; `make doctest` runs the examples.
"""

import doctest
import inspect
import re

import pytest

import skae
from tests.discovery import AUTOENCODERS, ESTIMATORS

PUBLIC = [getattr(skae, name) for name in skae.__all__ if not name.startswith("__")]
each_estimator = pytest.mark.parametrize("cls", ESTIMATORS)
SECTIONS = {
    "Parameters": "every parameter of the constructor, in its order",
    "Attributes": "every fitted attribute",
    "References": "the paper or book that defines the method, as the other estimators cite theirs",
    "Examples": "a doctest of a few lines",
}
# scikit-learn and skl2onnx call these, users do not
NOT_CALLED_BY_USERS = {"onnx_converter", "onnx_shape_calculator"}
# scikit-learn writes the docstrings of these
WRITTEN_BY_SCIKIT_LEARN = {"set_fit_request", "set_partial_fit_request"}


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


def public_methods(cls):
    """Name -> function of the public methods of an estimator that skae defines."""
    return {
        name: method
        for name, method in inspect.getmembers(cls, inspect.isfunction)
        if not name.startswith("_") and method.__module__.startswith("skae")
    }


def assert_none(problems):
    assert not problems, "complete the docstrings:\n" + "\n".join(problems)


def test_public_names_have_a_summary():
    assert_none(
        [
            f"{thing.__name__}: the first paragraph must be a sentence that ends in a full stop"
            for thing in PUBLIC
            if callable(thing)
            and not inspect.cleandoc(thing.__doc__ or "").split("\n\n")[0].endswith(".")
        ]
    )


def faults_of_parameters(cls):
    documented, defined = entries(cls.__doc__, "Parameters"), inspect.signature(cls).parameters
    if list(documented) != list(defined):
        missing, unknown = set(defined) - set(documented), set(documented) - set(defined)
        yield (
            f"{cls.__name__}: the section Parameters must list the constructor's parameters in"
            f" their order; missing {sorted(missing)}, unknown {sorted(unknown)}"
        )
    for name, parameter in defined.items():
        match = re.search(r"default=(.*)$", documented.get(name, ""))
        if not match:
            yield f"{cls.__name__}: {name} needs 'default=...' at the end of its first line"
        elif (value := eval(match.group(1), {"__builtins__": {}})) != parameter.default:
            yield f"{cls.__name__}: {name} says default={value!r} and has {parameter.default!r}"


def faults_of_methods(cls):
    for name, method in public_methods(cls).items():
        where = f"{cls.__name__}.{name}"
        if name not in WRITTEN_BY_SCIKIT_LEARN:
            if list(entries(method.__doc__, "Parameters")) != parameters_of(method):
                yield f"{where}: the section Parameters must list {parameters_of(method)}"
            if not section(method.__doc__, "Returns").strip():
                yield f"{where}: needs a section Returns"
        raises = section(method.__doc__, "Raises").strip()
        if not (raises or name.startswith("set_") or name in NOT_CALLED_BY_USERS):
            yield f"{where}: needs a section Raises"


def test_parameters_are_documented_in_order_with_their_defaults():
    assert_none([fault for cls in ESTIMATORS for fault in faults_of_parameters(cls)])


def test_methods_document_parameters_results_and_exceptions():
    assert all(public_methods(cls) for cls in ESTIMATORS)
    assert_none([fault for cls in ESTIMATORS for fault in faults_of_methods(cls)])


def test_estimators_have_all_sections_and_an_example():
    problems = [
        f"{cls.__name__}: needs a section {title}: {content}"
        for cls in ESTIMATORS
        for title, content in SECTIONS.items()
        if not section(cls.__doc__, title).strip()
    ]
    examples = doctest.DocTestParser()
    problems += [
        f"{cls.__name__}: its section Examples needs lines that begin with >>>"
        for cls in ESTIMATORS
        if not examples.get_examples(cls.__doc__)
    ]
    assert_none(problems)


@each_estimator
def test_every_fitted_attribute_is_documented(cls, fitted):
    documented = set(entries(cls.__doc__, "Attributes"))
    present = {n for n in vars(fitted(cls)) if n.endswith("_") and not n.startswith("_")}
    assert present <= documented, (
        f"describe in the section Attributes of {cls.__name__}: {sorted(present - documented)}"
    )
    attributes = {name for name in dir(fitted(cls)) if name.endswith("_")}
    unknown = documented - {"feature_names_in_", "sample_shape_"} - attributes
    assert not unknown, f"documented in {cls.__name__}, but not set by fit: {sorted(unknown)}"


def test_formulas_and_limits_are_documented():
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
