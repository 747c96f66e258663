"""The documentation has every public name and every example, and its code uses names that exist.

Nothing is built here: `make docs` does that, and fails on a warning. The tests read files in loops
and report every fault with what to do; they are in `make test`.
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
SNIPPETS = {
    f"{page.name}, Python block {number}": block
    for page in PAGES
    for number, block in enumerate(
        re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S), 1
    )
}


def assert_none(problems, what_to_do):
    assert not problems, "\n".join([what_to_do, *problems])


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


def test_every_public_name_is_in_the_reference():
    pages = [value_of(page) for page in documented_names()]
    assert_none(
        [
            f"{module.__name__}.{name}"
            for module, name in PUBLIC
            if not any(page is getattr(module, name) for page in pages)
        ],
        "Add these names to an autosummary of docs/api/index.rst:",
    )


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


def test_diagrams_link_to_pages_of_the_reference():
    from skae.estimators.base.estimator import DOCUMENTATION

    assert ":toctree: .\n" in REFERENCE
    for cls in (cls for cls in estimators() if hasattr(cls, "fit")):
        link = cls()._get_doc_link()
        assert link.startswith(DOCUMENTATION + "api/") and link.endswith(".html"), link
        page = link.removeprefix(DOCUMENTATION + "api/").removesuffix(".html")
        # autosummary writes a page beside the index, with the name of what it documents
        assert page in documented_names() and value_of(page) is cls, link


def test_the_gallery_has_a_place_for_every_example():
    order = from_file(DOCS / "gallery_order.py", "gallery_order")
    scripts = {path.stem for path in (ROOT / "examples").glob("*.py")}
    assert scripts <= set(order.ORDER), (
        f"add to ORDER of docs/gallery_order.py: {sorted(scripts - set(order.ORDER))}"
    )
    assert len(order.ORDER) == len(set(order.ORDER))
    place = order.PlaceInGallery("examples")
    assert place("examples/quickstart.py") == 0 < place("retrieval.py")


def test_every_estimator_and_display_is_in_an_example():
    """So that its page of the reference links to examples."""
    displays = [getattr(skae.display, name) for name in skae.display.__all__ if "Display" in name]
    classes = [cls for cls in estimators() if not inspect.isabstract(cls)] + displays
    assert_none(
        [
            cls.__name__
            for cls in classes
            if not any(re.search(rf"\b{cls.__name__}\b", text) for text in EXAMPLES.values())
        ],
        "Use these classes in a script of examples/:",
    )


def test_every_example_is_linked_from_a_page():
    pages = [page.read_text(encoding="utf-8") for page in PAGES]
    assert_none(
        [
            f"examples/{name}.py"
            for name in EXAMPLES
            if not any(
                link in page
                for page in pages
                for link in (f"auto_examples/{name}.rst", f"examples/{name}.py")
            )
        ],
        "Link to these examples from a page of docs/ or README.md:",
    )


def test_every_example_runs_without_fashion_mnist():
    assert_none(
        [
            f"examples/{name}.py"
            for name, text in EXAMPLES.items()
            if "load_fashion_mnist(" in text
            and not ("except FileNotFoundError" in text and "load_digits" in text)
        ],
        "Catch FileNotFoundError of load_fashion_mnist and use load_digits in its place:",
    )


def faults_of_snippet(source):
    """What the calls of classes of skae in a block pass and the classes do not have."""
    tree, known = ast.parse(source), {name: getattr(module, name) for module, name in PUBLIC}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "skae":
            module = importlib.import_module(node.module)
            known.update({a.name: getattr(module, a.name) for a in node.names})
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            called = known.get(node.func.id)
            if inspect.isclass(called):
                given = {keyword.arg for keyword in node.keywords} - {None}
                for name in given - set(inspect.signature(called).parameters):
                    yield f"{node.func.id} has no parameter {name}"


def test_names_and_parameters_in_snippets_exist():
    assert_none(
        [
            f"{where}: {fault}"
            for where, source in SNIPPETS.items()
            for fault in faults_of_snippet(source)
        ],
        "Correct the documentation:",
    )


def broken_links(page):
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        target = link.partition("#")[0]
        if not target or "://" in target:
            continue
        if target.startswith("/auto_examples/"):
            script = ROOT / "examples" / Path(target).with_suffix(".py").name
            exists = target.endswith("index.rst") or script.is_file()
        else:
            exists = (page.parent / target).exists()
        if not exists:
            yield f"{page.relative_to(ROOT)} links to {target}"


def test_links_between_pages_and_to_examples_hold():
    assert_none([link for page in PAGES for link in broken_links(page)], "Correct the links:")


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


def has_a_title(text):
    _, above, title, below, *_ = text.split("\n")
    return above == below == "=" * len(above) and len(above) >= len(title) > 0


def test_examples_begin_with_a_title_between_lines_of_its_length():
    """The gallery's builder refuses shorter lines, half an hour later."""
    assert_none(
        [f"examples/{name}.py" for name, text in EXAMPLES.items() if not has_a_title(text)],
        "Begin the docstring with a title between two lines of = that are at least as long:",
    )
