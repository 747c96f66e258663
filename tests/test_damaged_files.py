"""Damaged, forged and malicious files: an error of one line, and no code is executed."""

import hashlib
import json
import os
import pickle
import resource
import signal
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest

import skae
from skae import AutoencoderTransformer
from skae.persistence import container
from tests.conftest import ROOT
from tests.discovery import fast

rng = np.random.default_rng(0)


@pytest.fixture(scope="module")
def content(tmp_path_factory, fitted):
    path = tmp_path_factory.mktemp("whole") / "model.skae"
    fitted(AutoencoderTransformer).save(path)
    return path.read_bytes()


@pytest.fixture
def assert_invalid(tmp_path):
    """``assert_invalid(content, words)``: the error message of `load` for this content."""

    def check(content, words):
        path = tmp_path / "model.skae"
        path.write_bytes(content)
        with pytest.raises(ValueError, match=words) as raised:
            skae.load(path)
        said = str(raised.value)
        assert said.startswith(repr(str(path))) and said.isprintable() and len(said) < 1500, said
        return said

    return check


def parse(content):
    """Header and array bytes of a file."""
    length = int.from_bytes(content[12:20], "little")
    begin = 20 + length + -(20 + length) % 64
    return json.loads(content[20 : 20 + length]), content[begin:-32]


def build(header, data=b"", version=container.VERSION, length=None):
    """A file with a valid checksum."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    size = len(text) if length is None else length
    start = b"\x93SKAE\r\n\x1a" + version.to_bytes(4, "little") + size.to_bytes(8, "little")
    body = start + text + bytes(-(20 + len(text)) % 64) + data
    return body + hashlib.sha256(body).digest()


def test_forged_files_have_valid_checksums(content):
    """Otherwise the tests below would only test the checksum."""
    assert build(*parse(content))[:20] == content[:8] + build(*parse(content))[8:20]
    assert len(build(*parse(content))) >= len(content) - 4096


def test_rebuilt_file_loads(content, tmp_path, fitted, X):
    (tmp_path / "model.skae").write_bytes(build(*parse(content)))
    codes = skae.load(tmp_path / "model.skae").transform(X)
    np.testing.assert_array_equal(codes, fitted(AutoencoderTransformer).transform(X))


def test_truncated_files(content, assert_invalid):
    for length in {*range(0, 64), *range(64, len(content), 97), len(content) - 1}:
        assert_invalid(content[:length], "truncated|empty")


def test_flipped_bits(content, assert_invalid):
    for place in range(0, len(content), 7):
        damaged = bytearray(content)
        damaged[place] ^= 1 << int(rng.integers(8))
        assert_invalid(bytes(damaged), "damaged|not a file saved by skae")


def test_trailing_bytes(content, assert_invalid):
    assert_invalid(content + b"\0", "length of the file")
    assert_invalid(content + content, "length of the file")


@pytest.mark.parametrize("version", [1, 2])
def test_sizes_are_checked_before_the_checksum(version, content, tmp_path, monkeypatch):
    """A file extended to gigabytes would keep the processor busy with its checksum."""
    path = tmp_path / "model.skae"
    path.write_bytes(content[:8] + version.to_bytes(4, "little") + content[12:])
    os.truncate(path, 1 << 30)
    monkeypatch.setattr(container, "_check_digest", None)
    with pytest.raises(ValueError, match="damaged"):
        skae.load(path)


def test_later_format_version(content, assert_invalid):
    assert "Upgrade" in assert_invalid(
        build(*parse(content), version=2), "version 2 of skae's file"
    )


class Malicious:
    """Creates a folder when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("harmed",)


def test_other_file_formats(assert_invalid, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for protocol in range(2, 6):
        assert_invalid(pickle.dumps(Malicious(), protocol), "pickle")
    assert "harmed" not in os.listdir(tmp_path)
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", bytes(1 << 22))
    assert_invalid(bomb.read_bytes(), "zip archive")
    assert_invalid(b"", "empty")
    assert_invalid(b"hello, world", "begins with")
    assert_invalid(b"\x93NUMPY" + bytes(200), "begins with")


def test_paths_that_are_not_files(tmp_path):
    with pytest.raises(FileNotFoundError):
        skae.load(tmp_path / "missing.skae")
    with pytest.raises(ValueError, match="not a regular file"):
        skae.load(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="not a regular file"):
        skae.load(tmp_path / "pipe")
    with pytest.raises(TypeError):
        skae.load(None)


INVALID_ARRAYS = {
    "more data than there are": {"dtype": "<f4", "shape": [1 << 40]},
    "a huge product": {"dtype": "<f8", "shape": [1 << 31] * 30},
    "nothing of huge shape": {"dtype": "<f8", "shape": [1 << 61, 1 << 61, 0]},
    "huge text": {"dtype": "<U536870911", "shape": [1 << 20]},
    "huge bytes": {"dtype": "|S2147483647", "shape": [0, 1 << 61]},
    "negative": {"dtype": "<f4", "shape": [-1, -4]},
    "truth for a number": {"dtype": "<f4", "shape": [True]},
    "not whole": {"dtype": "<f4", "shape": [1.5]},
    "many dimensions": {"dtype": "<f4", "shape": [1] * 65},
    "objects": {"dtype": "|O", "shape": [1]},
    "records": {"dtype": "i4,O", "shape": [1]},
    "raw": {"dtype": "|V8", "shape": [1]},
    "no such kind": {"dtype": "no", "shape": [1]},
    "very many kinds": {"dtype": "f4," * 300_000, "shape": [1]},
    "kinds in a list": {"dtype": ["<f4"], "shape": [1]},
    "another name of a kind": {"dtype": "float", "shape": [1]},
    "a shape that is none": {"dtype": "<f4", "shape": "\x1b[2J\n" * 1000},
    "no shape": {"dtype": "<f4"},
    "a number": 3,
}


@pytest.mark.parametrize("kind", INVALID_ARRAYS)
def test_arrays_that_do_not_match_the_header(kind, content, assert_invalid):
    header, data = parse(content)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for place in (0, len(header["arrays"])):
        entries = header["arrays"]
        changed = [*entries[:place], INVALID_ARRAYS[kind], *entries[place + 1 :]]
        assert_invalid(build({**header, "arrays": changed}, data), "damaged|too large")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1 << 16  # 64 MB, in kB


def test_invalid_headers(content, assert_invalid):
    _, data = parse(content)
    assert_invalid(build(b"[" * 1_000_000, data), "not valid JSON")
    assert_invalid(build(b'{"a": ' * 100_000, data), "not valid JSON")
    assert_invalid(build(b"\xff\xfe", data), "not valid JSON")
    assert_invalid(build(b"1" * 10_000, data), "not valid JSON")
    assert_invalid(build([], data), "not a JSON object")
    assert_invalid(build({}, data), "no list of arrays")
    for length in (1 << 63, len(data) + 10**6):
        assert_invalid(build({}, data, length=length), "a header of")


def replace(value, path, new):
    """A deep copy of nested dicts with `new` at `path`."""
    first, *rest = path
    return {**value, first: replace(value[first], rest, new) if rest else new}


def describe(path, fields):
    """The encoded architecture of a network of the user's own modules."""
    pairs = [["module", path], ["fields", {"dict": fields}]]
    part = {"dict": pairs}
    return {"dict": [["kind", "own"], ["encoder", part], ["decoder", part]]}


FORGED = {
    "another class": (["model", "estimator"], "Pipeline", "'Pipeline', a class that this version"),
    "a class by its path": (["model", "estimator"], "os:system", "does not have"),
    "a class of the user's": (["model", "estimator"], {"trusted": "os:system"}, "not in trusted"),
    "no name": (["model", "estimator"], [1], "is inconsistent"),
    "a later parameter": (["model", "parameters", "wings"], 3, "'wings'.*later version"),
    "a method": (["model", "state", "transform"], 3, "'transform' would"),
    "a template of links": (
        ["model", "state", "_doc_link_template"],
        "x",
        "'_doc_link_template' would",
    ),
    "a part of links": (["model", "state", "_public_module"], "<img>", "'_public_module' would"),
    "checks": (
        ["model", "state", "_parameter_constraints"],
        {"dict": []},
        "'_parameter_constraints' would",
    ),
    "callbacks": (["model", "state", "_skl_callbacks"], [], "'_skl_callbacks' would"),
    "a special method": (
        ["model", "state", "__sklearn_is_fitted__"],
        3,
        "'__sklearn_is_fitted__' would",
    ),
    "codes of another length": (["model", "state", "n_components_"], 10**11, "does not match"),
    "other columns": (["model", "state", "n_features_in_"], 5, "does not match"),
    "no mean": (["model", "state", "mean_"], None, "does not match"),
    "no scale": (["model", "state", "scale_"], 0.0, "does not match"),
    "keys of one hash": (
        ["model", "parameters", "alpha"],
        {"set": [k * (2**61 - 1) for k in range(1, 50_000)]},
        "a key of",
    ),
    "keys of one hash, in tuples": (
        ["model", "parameters", "alpha"],
        {"dict": [[{"tuple": [k * (2**61 - 1)]}, 1] for k in range(1, 50_000)]},
        "not of type tuple",
    ),
    "sets of tuples": (
        ["model", "parameters", "alpha"],
        {"set": [{"tuple": [1, 2]}]},
        "not of type tuple",
    ),
    "a key that is a set": (
        ["model", "parameters", "alpha"],
        {"dict": [[{"frozenset": [1, 2]}, 1]]},
        "not of type frozenset",
    ),
    "a function": (["model", "parameters", "optimizer"], {"trusted": "os:mkdir"}, "'os:mkdir'"),
    "a call": (
        ["model", "parameters", "optimizer"],
        {"partial": {"trusted": "os:mkdir"}, "args": ["harmed"], "keywords": {"dict": []}},
        "'os:mkdir'",
    ),
    "a module": (
        ["model", "parameters", "network"],
        {"module": {"dict": [["module", "os:mkdir"], ["fields", {"dict": [["path", "harmed"]]}]]}},
        "'os:mkdir'",
    ),
    "an architecture": (
        ["model", "state", "architecture_"],
        {"dict": [["network", describe("os:mkdir", [["path", "harmed"]])]]},
        "'os:mkdir'",
    ),
    "an architecture in lists": (
        ["model", "state", "architecture_"],
        {"dict": [["network", describe("os:path", [["x", [{"dict": [["name", "os:f"]]}]]])]]},
        "'os:f'",
    ),
    "an unknown kind": (["model", "parameters", "alpha"], {"exec": "1"}, "unknown kind 'exec'"),
    "two kinds": (["model", "parameters", "alpha"], {"tuple": [], "set": []}, "is inconsistent"),
    "an array that is not there": (["model", "parameters", "alpha"], {"array": 10**9}, "refers to"),
    "an array from the end": (["model", "parameters", "alpha"], {"array": -1}, "refers to"),
    "a key that does not hash": (
        ["model", "parameters", "alpha"],
        {"dict": [[[1], 2]]},
        "not of type list",
    ),
    "a state of nothing": (
        ["model", "parameters", "random_state"],
        {"random_state": {"dict": []}},
        "is inconsistent",
    ),
    "a checkpoint": (["holds"], "checkpoint", "contains a checkpoint, not a model"),
    "what it needs": (["needs"], ["os:system"], "needs 'os:system'; if you trust"),
    "what it needs, at length": (["needs"], ["\n" * 10**4] * 100, "and others; if you trust"),
    "a long kind": (["model", "parameters", "alpha"], {"\x1b[2J" * 10**5: 1}, "unknown kind"),
    "a long class": (["model", "estimator"], "a\nb" * 10**5, "a class that this version"),
    "a long parameter": (["model", "parameters", "a\nb" * 10**5], 3, "later version"),
    "other content": (["holds"], "a\nb\x1b[2J", "not a model"),
    "no model": (["model"], 3, "contains no estimator"),
}


@pytest.mark.parametrize("kind", FORGED)
def test_forged_content(kind, content, assert_invalid, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    header, data = parse(content)
    path, new, words = FORGED[kind]
    assert_invalid(build(replace(header, path, new), data), words)
    assert "harmed" not in os.listdir(tmp_path)


def test_names_in_descriptions_refer_to_trusted_objects(content, tmp_path):
    """A name in a description refers to the trusted object, not to an import of that name."""
    header, data = parse(content)
    place = ["model", "state", "architecture_", "dict"]
    pairs = dict(header["model"]["state"]["architecture_"]["dict"])
    pairs["network"] = describe("os:mkdir", [])
    attack = replace(header, place, list(pairs.items()))
    (tmp_path / "model.skae").write_bytes(build(attack, data))
    with pytest.raises(ValueError, match=r"does not describe a network.*tests\.discovery:fast"):
        skae.load(tmp_path / "model.skae", trusted={"os:mkdir": fast})


def test_invalid_characters_and_booleans(assert_invalid):
    bad = np.full(1, 0x110000, "<u4").tobytes() + bytes(60)
    assert_invalid(build({"arrays": [{"dtype": "<U1", "shape": [1]}]}, bad), "characters")
    bad = b"\x02" + bytes(63)
    assert_invalid(build({"arrays": [{"dtype": "|b1", "shape": [1]}]}, bad), "boolean")


def test_loading_imports_no_module_named_by_the_file(content, tmp_path, run_python):
    header, data = parse(content)
    new = {"trusted": "antigravity:fly"}
    attack = replace(header, ["model", "parameters", "optimizer"], new)
    (tmp_path / "model.skae").write_bytes(build({**attack, "needs": []}, data))
    run_python(
        f"""
        import sys, skae
        try:
            skae.load({str(tmp_path / "model.skae")!r})
        except ValueError as error:
            assert "antigravity:fly" in str(error), error
        else:
            raise AssertionError("it loaded")
        assert "antigravity" not in sys.modules
        """
    )


# ---- crashes while saving

SAVING = """
import sys
import numpy as np
from skae.persistence import container

old, new = (np.full(1_000_000, i, np.float32) for i in (0, 1))
container.write(sys.argv[1], {"holds": "old"}, [old])
print("ready", flush=True)
while True:
    container.write(sys.argv[1], {"holds": "new"}, [new])
    container.write(sys.argv[1], {"holds": "old"}, [old])
"""


def kill_while_saving(path, seconds):
    """Kill a process that saves repeatedly; afterwards the file is one of both versions."""
    child = subprocess.Popen(
        [sys.executable, "-c", SAVING, str(path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert child.stdout.readline().strip() == "ready"
    time.sleep(seconds)
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=60)
    header, (data,) = container.read(path)
    assert (data == {"old": 0, "new": 1}[header["holds"]]).all()


@pytest.mark.parametrize("seconds", [0.0, 0.013, 0.03])
def test_killed_while_saving(seconds, tmp_path):
    kill_while_saving(tmp_path / "model.skae", seconds)


@pytest.mark.stress
def test_killed_while_saving_at_50_times(tmp_path):
    for seconds in np.random.default_rng().uniform(0, 0.2, 50):
        kill_while_saving(tmp_path / "model.skae", seconds)


def test_full_disk_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "model.skae"
    AutoencoderTransformer(2).save(path)
    before = path.read_bytes()

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        AutoencoderTransformer(3).save(path)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["model.skae"]


def test_symbolic_links_and_permissions(tmp_path):
    (tmp_path / "folder").mkdir()
    link = tmp_path / "link.skae"
    link.symlink_to(tmp_path / "folder" / "model.skae")
    AutoencoderTransformer(2).save(link)
    assert link.is_symlink() and skae.load(tmp_path / "folder" / "model.skae").n_components == 2
    other = tmp_path / "other"
    other.touch()
    assert (tmp_path / "folder" / "model.skae").stat().st_mode == other.stat().st_mode


def test_paths_that_cannot_be_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = AutoencoderTransformer(2)
    with pytest.raises(ValueError, match="path='' is empty"):
        model.save("")
    with pytest.raises(FileNotFoundError, match=r"Create the folder first: '.*/no'") as raised:
        model.save("no/model.skae")
    assert raised.value.filename == str(tmp_path / "no")
    with pytest.raises(IsADirectoryError, match=r"is a folder.*Pass the path of a file"):
        model.save(tmp_path)
    assert os.listdir(tmp_path) == []


# ---- trusted objects


def user_function(*arguments, **fields):
    """A function of the user, not a module."""
    raise AssertionError("it was called")


def test_trusted_functions_are_not_called_as_modules(content, assert_invalid, tmp_path):
    header, data = parse(content)
    name = f"{__name__}:user_function"
    call = {"module": {"dict": [["module", name], ["fields", {"dict": [["path", "harmed"]]}]]}}
    attack = replace(header, ["model", "parameters", "network"], call)
    (tmp_path / "model.skae").write_bytes(build(attack, data))
    with pytest.raises(ValueError, match=r"not a subclass of flax\.linen\.Module"):
        skae.load(tmp_path / "model.skae", trusted=[user_function])


# ---- paths


def test_permissions_of_an_overwritten_file_are_kept(tmp_path):
    path = tmp_path / "model.skae"
    AutoencoderTransformer(2).save(path)
    for mode in (0o600, 0o640, 0o444):
        path.chmod(mode)
        AutoencoderTransformer(3).save(path)
        assert path.stat().st_mode & 0o777 == mode


def test_pipes_are_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="not a regular file"):
        AutoencoderTransformer(2).save(tmp_path / "pipe")
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


def test_long_names_and_bytes_paths(tmp_path):
    for name in ("a" * 255, "é" * 127):
        AutoencoderTransformer(2).save(tmp_path / name)
        assert skae.load(tmp_path / name).n_components == 2
    AutoencoderTransformer(3).save(os.fsencode(tmp_path / "model"))
    assert skae.load(os.fsencode(tmp_path / "model")).n_components == 3


def test_folders_that_cannot_be_synced(tmp_path, monkeypatch):
    """Some file systems cannot sync a folder; the file is complete by then."""
    opened = os.open

    def open_files_only(path, *arguments):
        if os.path.isdir(path):
            raise PermissionError(13, "Permission denied")
        return opened(path, *arguments)

    monkeypatch.setattr(os, "open", open_files_only)
    AutoencoderTransformer(2).save(tmp_path / "model.skae")
    monkeypatch.undo()
    assert skae.load(tmp_path / "model.skae").n_components == 2
