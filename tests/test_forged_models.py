"""Made-up model files with valid checksums: `load` refuses them, or the model works."""

import itertools
import warnings

import numpy as np
import pytest

import skae
from skae import AutoencoderTransformer, PretrainedClassifier, SemanticHasher
from skae.hashing import HammingIndex
from tests.datasets import curved
from tests.discovery import ESTIMATORS, fast
from tests.test_damaged_files import build, parse

ALWAYS = [AutoencoderTransformer, SemanticHasher, PretrainedClassifier, HammingIndex]
CASES = [
    cls if cls in ALWAYS else pytest.param(cls, marks=pytest.mark.stress)
    for cls in [*ESTIMATORS, HammingIndex]
]
# Values of every type that a file can hold; arrays are those of the file itself.
REPLACEMENTS = [
    None,
    True,
    3,
    -1,
    10**6,
    0.5,
    {"float": "nan"},
    "unknown",
    [],
    {"tuple": [2, 2]},
    {"dict": []},
    {"array": 0},
    {"array": 1},
    {"bytes": "00"},
]
METHODS = (
    "transform",
    "inverse_transform",
    "reconstruct",
    "score_samples",
    "score",
    "predict",
    "predict_proba",
    "decision_function",
    "hash",
    "sample",
    "corrupt",
    "encode_distribution",
    "reconstruction_errors",
    "kneighbors",
    "radius_neighbors",
    "encoder_function",
    "_repr_html_inner",
)
QUERIES = curved(3, seed=1)


@pytest.fixture(scope="module")
def fitted_file(tmp_path_factory):
    """``fitted_file(cls)``: header and array bytes of a saved, fitted instance."""
    folder, files = tmp_path_factory.mktemp("models"), {}

    def make(cls):
        if cls not in files:
            X = curved()
            X = (X > 0.5).astype(int) if cls is HammingIndex else X
            y = (X[:, 0] > 0.5).astype(int) if "Pretrained" in cls.__name__ else None
            fast(cls).fit(X, y).save(folder / "model.skae")
            files[cls] = parse((folder / "model.skae").read_bytes())
        return files[cls]

    return make


def places(value, path=()):
    """Paths of all values in the state of a model, with those in nested estimators."""
    yield path
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in ("parameters", "estimator"):
                yield from places(item, (*path, key))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from places(item, (*path, i))


def replaced(value, path, new):
    """A copy of nested dicts and lists with `new` at `path`; without the entry if `new` is ..."""
    if not path:
        return new
    copy = value.copy()
    first, *rest = path
    if not rest and new is ...:
        del copy[first]
    else:
        copy[first] = replaced(value[first], rest, new)
    return copy


def use(model):
    """Call all methods; only ValueError is an acceptable error."""
    codes = np.zeros((3, getattr(model, "n_components_", 2)))
    for name in METHODS:
        if not hasattr(type(model), name):
            continue
        bits = (QUERIES > 0.5).astype(int) if isinstance(model, HammingIndex) else QUERIES
        arguments = {
            "inverse_transform": (codes,),
            "sample": (2,),
            "score": (QUERIES, np.array([0, 1, 1])),
            "encoder_function": (),
            "_repr_html_inner": (),
        }.get(name, (bits,))
        try:
            getattr(model, name)(*arguments)
        except ValueError:
            pass
        except Exception as error:
            raise AssertionError(f"{name}: {type(error).__name__}: {error}") from error


def failures(header, data, changes, path):
    """Messages of the changed files that load and fail later, or whose error is unclear."""
    found = []
    for place, new in changes:
        state = replaced(header["model"]["state"], place, new)
        forged = {**header, "model": {**header["model"], "state": state}}
        path.write_bytes(build(forged, data))
        try:
            model = skae.load(path)
        except ValueError as error:
            if not str(error).isprintable() or len(str(error)) > 1500:
                found.append(f"{place} {new}: message {error}")
            continue
        except Exception as error:
            found.append(f"{place} {new}: load: {type(error).__name__}: {error}")
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                use(model)
        except AssertionError as error:
            found.append(f"{place} {new}: {error}")
    return found


@pytest.mark.representatives.with_args(AutoencoderTransformer)
@pytest.mark.parametrize("cls", CASES)
def test_replaced_attributes_are_refused_or_usable(cls, fitted_file, tmp_path):
    header, data = fitted_file(cls)
    state = header["model"]["state"]
    changes = [
        (place, new)
        for place, new in itertools.product(places(state), [*REPLACEMENTS, ...])
        if place and not (new is ... and isinstance(place[-1], int))
    ]
    # Every place and every replacement several times; the stress tests have other draws.
    rng = np.random.default_rng(0)
    drawn = [changes[i] for i in rng.permutation(len(changes))[:400]]
    problems = failures(header, data, drawn, tmp_path / "model.skae")
    assert not problems, "\n".join(problems[:20]) + f"\n{len(problems)} of {len(drawn)}"


def array_replaced(header, data, place, values):
    """A file whose state has another array at `place`."""
    values = np.asarray(values)
    before = -len(data) % 64
    entry = {"dtype": values.dtype.str, "shape": list(values.shape)}
    arrays = [*header["arrays"], entry]
    state = replaced(header["model"]["state"], place, {"array": len(header["arrays"])})
    content = bytes(before) + values.tobytes()
    forged = {**header, "arrays": arrays, "model": {**header["model"], "state": state}}
    return build(forged, data + content + bytes(-len(content) % 64))


def place_of(header, *keys):
    """Path of an entry of nested dicts, which files hold as lists of pairs."""
    value, path = header["model"]["state"], []
    for key in keys:
        pairs = value.get("dict") if isinstance(value, dict) else None
        if pairs is None:
            path, value = [*path, key], value[key]
            continue
        (i,) = [i for i, (name, _) in enumerate(pairs) if name == key]
        path, value = [*path, "dict", i, 1], pairs[i][1]
    return tuple(path)


KERNEL = ("params_", "encoder", "layer_0", "kernel")
FORGED_ARRAYS = {
    "wide": (KERNEL, np.zeros((6, 9), np.float32), r"params_.encoder.layer_0.kernel.*\(6, 9\)"),
    "flat": (KERNEL, np.zeros(48, np.float32), r"\(48,\), but the network needs \(6, 8\)"),
    "float64": (KERNEL, np.zeros((6, 8)), "kernel is not an array of float32"),
    "NaN": (KERNEL, np.full((6, 8), np.nan, np.float32), "kernel is not finite"),
    "text": (KERNEL, np.full((6, 8), "x"), "kernel is not an array of float32"),
    "linear": (("params_", "linear", "encoder"), np.zeros((2, 2), np.float32), "linear.encoder"),
    "mean": (("mean_",), np.full(6, np.inf), "mean_ is not finite"),
    "history": (("history_", "loss"), np.zeros((1, 1)), "history_ is not a dict of curves"),
}


@pytest.mark.parametrize("kind", FORGED_ARRAYS)
def test_arrays_that_do_not_fit_the_network(kind, fitted_file, tmp_path):
    header, data = fitted_file(AutoencoderTransformer)
    keys, values, words = FORGED_ARRAYS[kind]
    path = tmp_path / "model.skae"
    path.write_bytes(array_replaced(header, data, place_of(header, *keys), values))
    with pytest.raises(ValueError, match=words) as raised:
        skae.load(path)
    assert str(raised.value).startswith(repr(str(path)))


@pytest.mark.parametrize(
    "name, new",
    [
        ("kind", "unknown"),
        ("activation", "unknown"),
        ("encoder_widths", {"tuple": [-1]}),
        ("encoder_widths", {"tuple": [8] * 100_000}),
        ("decoder_widths", {"tuple": [8] * 100_000}),
    ],
)
def test_networks_that_do_not_exist(name, new, fitted_file, tmp_path):
    header, data = fitted_file(AutoencoderTransformer)
    place = place_of(header, "architecture_", "network", name)
    state = replaced(header["model"]["state"], place, new)
    path = tmp_path / "model.skae"
    path.write_bytes(build({**header, "model": {**header["model"], "state": state}}, data))
    with pytest.raises(ValueError, match="architecture_ does not describe a network"):
        skae.load(path)


@pytest.mark.parametrize("new", [None, {"array": 0}, []])
def test_index_without_codes(new, fitted_file, tmp_path):
    header, data = fitted_file(HammingIndex)
    state = {**header["model"]["state"], "codes_": new, "n_samples_fit_": 5}
    path = tmp_path / "model.skae"
    path.write_bytes(build({**header, "model": {**header["model"], "state": state}}, data))
    with pytest.raises(ValueError, match="its attribute codes_ does not match"):
        skae.load(path)
