"""The layers, read from the sources: who may import whom, and how long a file may be."""

import ast
from functools import cache
from pathlib import Path

import pytest

import skae

PACKAGE = Path(skae.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
MAX_FILE_LINES = 320
MAX_FUNCTION_LINES = 45

# who may import whom, beside itself
ALLOWED = {
    "core": set(),
    "objectives": {"core"},
    "persistence": {"core"},
    "export": set(),
    "estimators": {"core", "objectives", "networks", "persistence", "export"},
    "networks": {"core"},
    "meta": {"core", "objectives", "estimators", "networks", "persistence", "export"},
    "hashing": {"core", "estimators", "networks", "persistence"},
    "display": {"core", "estimators", "networks"},
}


def name_of(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in FILES}
each_file = pytest.mark.parametrize("path", FILES, ids=name_of)


@cache
def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path, everywhere=True):
    """Full names of what a file imports: modules and, for ``from m import n``, ``m.n``."""
    name, found = name_of(path), []
    for node in ast.walk(tree_of(path)) if everywhere else tree_of(path).body:
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
                base = ".".join([*package[: len(package) - node.level + 1], base]).rstrip(".")
            found += [f"{base}.{alias.name}" for alias in node.names]
    return found


def module_of(imported):
    """The module of skae behind an imported name."""
    while imported not in MODULES and "." in imported:
        imported = imported.rpartition(".")[0]
    return imported


def internal(path, everywhere=True):
    return {module_of(n) for n in imports(path, everywhere) if n.split(".")[0] == "skae"}


def layer_of(module):
    return module.split(".")[1] if "." in module else "skae"


@each_file
def test_layers_import_downwards_only(path):
    layer = layer_of(name_of(path))
    for imported in internal(path):
        other = layer_of(imported)
        if layer == "skae" or other in (layer, "_typing") or layer not in ALLOWED:
            continue
        if imported == "skae":
            raise AssertionError(f"{name_of(path)} imports the package's public names")
        assert other in ALLOWED[layer], f"{name_of(path)} imports {imported}"


@each_file
def test_core_and_objectives_import_no_scikit_learn(path):
    if layer_of(name_of(path)) in ("core", "objectives"):
        foreign = {name.split(".")[0] for name in imports(path)}
        assert not foreign & {"sklearn", "joblib", "pandas", "polars", "matplotlib"}


def is_base(module):
    return module.startswith("skae.estimators.base")


@each_file
def test_an_estimator_imports_the_base_and_no_other_estimator(path):
    module = name_of(path)
    if layer_of(module) != "estimators" or module == "skae.estimators":
        return
    for imported in internal(path) - {module}:
        if layer_of(imported) == "estimators":
            assert is_base(imported), f"{module} imports {imported}"


def test_there_are_no_import_cycles():
    graph = {name: internal(path) - {name, "skae"} for name, path in MODULES.items()}
    done: set = set()

    def visit(name, trail):
        assert name not in trail, f"import cycle: {' -> '.join([*trail, name])}"
        if name not in done:
            for other in graph.get(name, ()):
                # a package's __init__ runs before its modules; importing it is not a cycle
                if not name.startswith(other + "."):
                    visit(other, [*trail, name])
            done.add(name)

    for name in graph:
        visit(name, [])


def private_scikit_learn(path):
    names = [n for n in imports(path) if n.split(".")[0] == "sklearn"]
    return [n for n in names if any(p.startswith("_") for p in n.split("."))]


def test_private_names_of_scikit_learn_are_imported_in_one_place():
    places = {name_of(path): private_scikit_learn(path) for path in FILES}
    assert len({name for name, found in places.items() if found}) <= 1, places


def test_flax_is_used_in_core_networks_alone():
    users = {n for n, p in MODULES.items() if any(i.split(".")[0] == "flax" for i in imports(p))}
    assert users and all(name.startswith("skae.core.networks") for name in users), users


@each_file
def test_files_are_short_and_say_what_they_are(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_FILE_LINES
    assert path.stem not in ("utils", "helpers", "common", "misc")
    assert ast.get_docstring(tree_of(path)), f"{name_of(path)} has no docstring"


@each_file
def test_functions_are_short(path):
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
            assert lines <= MAX_FUNCTION_LINES, f"{node.name}: {lines} lines"


@each_file
def test_global_settings_are_left_alone(path):
    source = ast.unparse(tree_of(path))
    for banned in ("config.update(", "np.random.seed", "set_printoptions", "basicConfig"):
        assert banned not in source, banned
    for node in ast.walk(tree_of(path)):
        # NumPy's global generator: np.random.<lower case> other than its constructors
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "np.random":
            assert node.attr[0].isupper() or node.attr == "default_rng", node.attr
