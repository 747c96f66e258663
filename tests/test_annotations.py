"""Public functions and methods have complete type annotations, as `py.typed` promises."""

import inspect

import skae

PACKAGES = ("datasets", "display", "hashing", "networks")
# scikit-learn generates these methods
GENERATED = ("set_fit_request", "set_partial_fit_request", "set_score_request")


def public_things():
    """Qualified name -> public class or function of skae and its public subpackages."""
    modules = [skae, *(getattr(skae, name) for name in PACKAGES)]
    return {
        f"{module.__name__}.{name}": getattr(module, name)
        for module in modules
        for name in module.__all__
    }


def is_method(value):
    return inspect.isfunction(value) or inspect.ismethod(value)


def signatures():
    for name, thing in public_things().items():
        if inspect.isfunction(thing):
            yield name, thing
        elif inspect.isclass(thing):
            yield from (
                (f"{name}.{method}", function)
                for method, function in inspect.getmembers(thing, is_method)
                if function.__module__.startswith("skae")
                and not method.startswith(("_", *GENERATED))
            )


def missing_annotations(function):
    parameters = list(inspect.signature(function).parameters.values())
    names = [p.name for p in parameters if p.name not in ("self", "cls")]
    annotations = inspect.unwrap(function).__annotations__
    return [name for name in [*names, "return"] if name not in annotations]


def test_public_functions_and_methods_are_annotated():
    found = dict(signatures())
    assert len(found) > 100
    problems = [
        f"{name}: annotate {missing}"
        for name, function in found.items()
        if (missing := missing_annotations(function))
    ]
    assert not problems, "\n".join(problems)
