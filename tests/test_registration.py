"""A public name is registered everywhere: a missing place is named, with the line to add.

The tests read sources and fit nothing; they are in `make test`.
"""

import ast
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

from sklearn.base import BaseEstimator

import skae
import skae.estimators
import skae.meta
from skae._registry import ESTIMATORS

PACKAGE = Path(skae.__file__).parent
REFERENCE = PACKAGE.parent / "docs" / "api" / "index.rst"


def names_for_type_checkers():
    """Name -> module of what ``skae/__init__.py`` imports under ``if TYPE_CHECKING``."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    block = next(
        node
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    return {alias.asname or alias.name: node.module for node in imports for alias in node.names}


def test_type_checkers_see_every_public_name():
    found = names_for_type_checkers()
    problems = [
        f"add `from {module} import {name} as {name}`"
        for name, module in skae._MODULES.items()
        if found.get(name) != module
    ]
    problems += [
        f"remove {name}: _MODULES does not list it" for name in set(found) - set(skae._MODULES)
    ]
    assert not problems, "\n".join(["`if TYPE_CHECKING:` of skae/__init__.py:", *problems])


def test_the_reference_lists_every_public_name():
    text = REFERENCE.read_text(encoding="utf-8")
    listed = {name.rpartition(".")[2] for name in re.findall(r"^   ([\w.]+)$", text, re.M)}
    missing = set(skae._MODULES) - listed
    assert not missing, f"add to an autosummary of docs/api/index.rst: {sorted(missing)}"


def estimators_defined_in(package):
    """Name -> module of the public estimators that the modules of a package define."""
    modules = [
        importlib.import_module(f"{package.__name__}.{module.name}")
        for module in pkgutil.iter_modules(package.__path__)
        if not (module.ispkg or module.name.startswith("_"))
    ]
    return {
        name: module.__name__
        for module in modules
        for name, cls in inspect.getmembers(module, inspect.isclass)
        if issubclass(cls, BaseEstimator)
        and cls.__module__ == module.__name__
        and not (name.startswith("_") or inspect.isabstract(cls))
    }


def test_every_estimator_is_public_and_can_be_saved():
    estimators = estimators_defined_in(skae.estimators) | estimators_defined_in(skae.meta)
    assert len(estimators) > 10
    problems = [
        f'add "{name}": "{module}" to ESTIMATORS of skae/_registry.py'
        for name, module in estimators.items()
        if ESTIMATORS.get(name) != module
    ]
    problems += [f"{name} is no estimator" for name in set(ESTIMATORS) - set(estimators)]
    assert not problems, "\n".join(problems)
