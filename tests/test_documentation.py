"""The documentation holds every public name and every example, and what it says of code is true.

Nothing is built here: `make docs` does that, and fails on a warning.
"""

import ast
import importlib.util
import inspect
import pickle
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone

import skae
import skae.datasets
import skae.display
import skae.hashing
import skae.networks
from tests.datasets import curved
from tests.discovery import FAST

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(
    [*(path for path in DOCS.rglob("*.md") if "_build" not in path.parts), ROOT / "README.md"]
)
MODULES = [skae, skae.datasets, skae.display, skae.hashing, skae.networks]
REFERENCE = (DOCS / "api" / "index.rst").read_text(encoding="utf-8")
EXAMPLES = {
    path.stem: path.read_text(encoding="utf-8") for path in sorted((ROOT / "examples").glob("*.py"))
}
PUBLIC = [(module, name) for module in MODULES for name in module.__all__]
SNIPPETS = [
    pytest.param(block, id=f"{page.stem}.{number}")
    for page in PAGES
    for number, block in enumerate(
        re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S)
    )
]


def documented_names():
    """Full names of what has a page in the reference, each the name of that page."""
    return [f"skae.{name}" for name in re.findall(r"^   ([\w.]+)$", REFERENCE, re.M)]


def from_file(path, name):
    """The module in a Python file that is not in a package."""
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def value_of(name):
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def test_the_design_names_every_module():
    """The tree of the package in docs/design.md is complete, and the page stays short."""
    design = (DOCS / "design.md").read_text(encoding="utf-8")
    assert len(design.splitlines()) <= 200, "measurements belong into docs/notes/"
    named = set(re.findall(r"\w+", design.split("```")[1]))
    modules = {path.stem for path in Path(skae.__file__).parent.rglob("*.py")}
    missing = sorted(modules - named - {"__init__"})
    assert not missing, f"add these modules to the tree in docs/design.md: {missing}"
    removed = sorted(name for name in named - modules if name.startswith("_"))
    assert not removed, f"remove these modules from the tree in docs/design.md: {removed}"


@pytest.mark.parametrize("module, name", PUBLIC, ids=lambda p: getattr(p, "__name__", p))
def test_every_public_name_is_in_the_reference(module, name):
    assert any(value_of(page) is getattr(module, name) for page in documented_names())


def test_the_reference_names_nothing_twice_and_nothing_private():
    names = documented_names()
    assert len(names) == len(set(names))
    public = {id(getattr(module, name)) for module, name in PUBLIC}
    assert {id(value_of(name)) for name in names} <= public


def estimators():
    values = {getattr(module, name) for module, name in PUBLIC}
    return sorted(
        (v for v in values if inspect.isclass(v) and issubclass(v, BaseEstimator)),
        key=lambda cls: cls.__name__,
    )


@pytest.mark.parametrize("cls", [cls for cls in estimators() if hasattr(cls, "fit")])
def test_diagrams_link_to_pages_of_the_reference(cls):
    from skae.estimators.base.estimator import DOCUMENTATION

    link = cls()._get_doc_link()
    assert link.startswith(DOCUMENTATION + "api/") and link.endswith(".html")
    page = link.removeprefix(DOCUMENTATION + "api/").removesuffix(".html")
    # autosummary writes a page beside the index, called as what it documents
    assert page in documented_names() and value_of(page) is cls
    assert ":toctree: .\n" in REFERENCE


def test_the_gallery_has_a_place_for_every_example():
    order = from_file(DOCS / "gallery_order.py", "gallery_order")
    scripts = {path.stem for path in (ROOT / "examples").glob("*.py")}
    assert scripts <= set(order.ORDER), "not in docs/gallery_order.py"
    assert len(order.ORDER) == len(set(order.ORDER))
    place = order.PlaceInGallery("examples")
    assert place("examples/quickstart.py") == 0 < place("retrieval.py")


@pytest.mark.parametrize(
    "cls",
    [
        *(cls for cls in estimators() if not inspect.isabstract(cls)),
        *(getattr(skae.display, name) for name in skae.display.__all__ if "Display" in name),
    ],
)
def test_every_estimator_and_display_is_in_an_example(cls):
    """So that its page of the reference has examples to lead to."""
    assert any(re.search(rf"\b{cls.__name__}\b", text) for text in EXAMPLES.values())


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_named_on_a_page_and_runs_without_fashion_mnist(name):
    links = (f"auto_examples/{name}.rst", f"examples/{name}.py")
    assert any(link in page.read_text(encoding="utf-8") for page in PAGES for link in links)
    if "load_fashion_mnist(" in EXAMPLES[name]:
        assert "except FileNotFoundError" in EXAMPLES[name] and "load_digits" in EXAMPLES[name]


@pytest.mark.parametrize("source", SNIPPETS)
def test_snippets_name_what_there_is(source):
    """Names imported from skae exist, and so do the parameters that classes are given."""
    tree, known = ast.parse(source), {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "skae":
            known.update({a.name: getattr(_module(node.module), a.name) for a in node.names})
    known = {**{name: getattr(module, name) for module, name in PUBLIC}, **known}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            called = known.get(node.func.id)
            if inspect.isclass(called):
                given = {keyword.arg for keyword in node.keywords} - {None}
                assert given <= set(inspect.signature(called).parameters), node.func.id


def _module(name):
    return importlib.import_module(name)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_between_pages_and_to_examples_hold(page):
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        target = target.partition("#")[0]
        if not target or "://" in target:
            continue
        if target.startswith("/auto_examples/"):
            found = target.endswith("index.rst") or _example_of(target).is_file()
            assert found, f"{page.name} links to {target}"
        else:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def _example_of(target):
    return ROOT / "examples" / Path(target).with_suffix(".py").name


@pytest.fixture(scope="module")
def decorrelated():
    """The guide's own autoencoder."""
    name = "decorrelated_of_the_guide"
    yield from_file(DOCS / "guide" / "decorrelated.py", name)
    del sys.modules[name]


def test_the_autoencoder_of_the_guide_works(decorrelated):
    cls, X = decorrelated.DecorrelatedAutoencoder, curved()
    small = {name: FAST[name] for name in ("hidden_layer_sizes", "batch_size", "random_state")}
    small.update(init="random", early_stopping=False, max_iter=30, learning_rate=0.01)
    free, held = (cls(3, decorrelation=d, **small).fit(X) for d in (0.0, 10.0))

    def overlap(model):
        return np.square(np.corrcoef(model.transform(X).T) - np.eye(3)).sum()

    assert overlap(held) < 0.5 * overlap(free)
    assert held.history_["correlation"].shape == held.history_["loss"].shape
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(held)).transform(X), held.transform(X))
    assert clone(held).get_params() == held.get_params()
    with pytest.raises(ValueError, match="decorrelation"):
        cls(decorrelation=-1.0).fit(X)


@pytest.mark.parametrize("name", EXAMPLES)
def test_lines_around_the_titles_of_examples_are_as_long_as_they(name):
    """The gallery's builder refuses shorter ones, half an hour later."""
    _, above, title, below, *_ = EXAMPLES[name].split("\n")
    assert above == below == "=" * len(above)
    assert len(above) >= len(title) > 0
