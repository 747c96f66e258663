"""The layout of the package, read from its sources: imports, lengths and global settings.

Each test loops over all files and reports every file that breaks its rule, with what to do.
These tests are in `make test`.
"""

import ast
from functools import cache
from pathlib import Path

import skae

PACKAGE = Path(skae.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
MAX_FILE_LINES = 320
MAX_FUNCTION_LINES = 45

# the packages of skae that each package may import, apart from itself
ALLOWED = {
    "core": set(),
    "objectives": {"core"},
    "persistence": {"core"},
    "export": {"core", "persistence"},
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


@cache
def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports(path):
    """Full names of what a file imports: modules and, for ``from m import n``, ``m.n``."""
    name, found = name_of(path), []
    for node in ast.walk(tree_of(path)):
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
    """The module of skae that defines an imported name."""
    while imported not in MODULES and "." in imported:
        imported = imported.rpartition(".")[0]
    return imported


def internal(path):
    return sorted({module_of(n) for n in imports(path) if n.split(".")[0] == "skae"})


def layer_of(module):
    return module.split(".")[1] if "." in module else "skae"


def assert_none(problems, what_to_do):
    assert not problems, "\n".join([what_to_do, *problems])


def forbidden_imports(path):
    name, layer = name_of(path), layer_of(name_of(path))
    if layer not in ALLOWED:
        return []
    others = [(imported, layer_of(imported)) for imported in internal(path)]
    return [
        f"{name} imports {imported}"
        for imported, other in others
        if other not in {layer, "_registry", "_typing", *ALLOWED[layer]}
    ]


def test_packages_import_only_the_packages_below_them():
    assert_none(
        [problem for path in FILES for problem in forbidden_imports(path)],
        "Import from a package that ALLOWED in this file lists, or move the code to the lower"
        " package. Import public names from the module that defines them, not from `skae`:",
    )


def test_core_and_objectives_import_no_scikit_learn():
    banned = {"sklearn", "joblib", "pandas", "polars", "matplotlib"}
    assert_none(
        [
            f"{name_of(path)} imports {imported}"
            for path in FILES
            if layer_of(name_of(path)) in ("core", "objectives")
            for imported in imports(path)
            if imported.split(".")[0] in banned
        ],
        "skae.core and skae.objectives run without scikit-learn; move the import to the estimator:",
    )


def is_base(module):
    return module.startswith("skae.estimators.base")


def test_an_estimator_imports_the_base_and_no_other_estimator():
    assert_none(
        [
            f"{name} imports {imported}"
            for name, path in MODULES.items()
            if layer_of(name) == "estimators" and name != "skae.estimators"
            for imported in internal(path)
            if layer_of(imported) == "estimators" and imported != name and not is_base(imported)
        ],
        "Move what two estimators share to skae.estimators.base or skae.objectives:",
    )


def test_there_are_no_import_cycles():
    graph = {name: set(internal(path)) - {name, "skae"} for name, path in MODULES.items()}
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


def test_one_module_imports_private_names_of_scikit_learn():
    places = {name_of(path): found for path in FILES if (found := private_scikit_learn(path))}
    assert len(places) <= 1, (
        f"import private names of scikit-learn in one module alone, not in {places}"
    )


def test_flax_is_imported_in_core_networks_alone():
    users = {n for n, p in MODULES.items() if any(i.split(".")[0] == "flax" for i in imports(p))}
    assert users
    assert_none(
        sorted(name for name in users if not name.startswith("skae.core.networks")),
        "Move what needs flax to skae.core.networks:",
    )


def test_files_are_short_and_have_a_docstring():
    problems = []
    for name, path in MODULES.items():
        n_lines = len(path.read_text(encoding="utf-8").splitlines())
        if n_lines > MAX_FILE_LINES:
            problems.append(f"{name} has {n_lines} lines, at most {MAX_FILE_LINES}: split it")
        if path.stem in ("utils", "helpers", "common", "misc"):
            problems.append(f"{name}: name the file by what it computes")
        if not ast.get_docstring(tree_of(path)):
            problems.append(f"{name} has no docstring: say in one sentence what it holds")
    assert_none(problems, "Files of skae/:")


def length_of_body(function):
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def test_functions_are_short():
    assert_none(
        [
            f"{name}: {node.name} has {length_of_body(node)} lines"
            for name, path in MODULES.items()
            for node in ast.walk(tree_of(path))
            if isinstance(node, ast.FunctionDef) and length_of_body(node) > MAX_FUNCTION_LINES
        ],
        f"Split functions with more than {MAX_FUNCTION_LINES} lines apart from the docstring:",
    )


BANNED_CALLS = ("config.update(", "np.random.seed", "set_printoptions", "basicConfig")


def global_settings(path):
    tree = tree_of(path)
    source = ast.unparse(tree)
    found = [call for call in BANNED_CALLS if call in source]
    # NumPy's global generator: np.random.<lower case> other than its constructors
    found += [
        f"np.random.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and ast.unparse(node.value) == "np.random"
        and not (node.attr[0].isupper() or node.attr == "default_rng")
    ]
    return [f"{name_of(path)} uses {call}" for call in found]


def test_no_global_setting_is_changed():
    assert_none(
        [problem for path in FILES for problem in global_settings(path)],
        "Importing and using skae must not change settings of the process; pass a generator or an"
        " argument instead:",
    )
