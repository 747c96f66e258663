"""Files that were damaged, made up or meant to harm: one sentence, and nothing runs."""

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
def refused(tmp_path):
    """``refused(content, words)``: the sentence that `load` says of a file."""

    def refuse(content, words):
        path = tmp_path / "model.skae"
        path.write_bytes(content)
        with pytest.raises(ValueError, match=words) as raised:
            skae.load(path)
        said = str(raised.value)
        assert said.startswith(repr(str(path))) and said.isprintable() and len(said) < 1500, said
        return said

    return refuse


def parts_of(content):
    """Header and cells of a file."""
    length = int.from_bytes(content[12:20], "little")
    begin = 20 + length + -(20 + length) % 64
    return json.loads(content[20 : 20 + length]), content[begin:-32]


def signed(header, cells=b"", version=container.VERSION, length=None):
    """A file with a checksum that is right, whatever it holds."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    size = len(text) if length is None else length
    start = b"\x93SKAE\r\n\x1a" + version.to_bytes(4, "little") + size.to_bytes(8, "little")
    body = start + text + bytes(-(20 + len(text)) % 64) + cells
    return body + hashlib.sha256(body).digest()


def test_the_forger_can_forge(content):
    """Else the tests below would be of checksums alone."""
    assert signed(*parts_of(content))[:20] == content[:8] + signed(*parts_of(content))[8:20]
    assert len(signed(*parts_of(content))) >= len(content) - 4096


def test_a_file_that_was_only_written_anew_loads(content, tmp_path, fitted, X):
    (tmp_path / "model.skae").write_bytes(signed(*parts_of(content)))
    codes = skae.load(tmp_path / "model.skae").transform(X)
    np.testing.assert_array_equal(codes, fitted(AutoencoderTransformer).transform(X))


def test_cut_short_anywhere(content, refused):
    for length in {*range(0, 64), *range(64, len(content), 97), len(content) - 1}:
        refused(content[:length], "truncated|empty")


def test_one_bit_flipped_anywhere(content, refused):
    for place in range(0, len(content), 7):
        damaged = bytearray(content)
        damaged[place] ^= 1 << int(rng.integers(8))
        refused(bytes(damaged), "damaged|not a file saved by skae")


def test_something_behind_the_end(content, refused):
    refused(content + b"\0", "checksum")
    refused(content + content, "checksum")


def test_a_later_version(content, refused):
    assert "Upgrade" in refused(signed(*parts_of(content), version=2), "version 2 of skae's file")


class Harm:
    """Runs when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("harmed",)


def test_files_of_other_kinds(refused, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for protocol in range(2, 6):
        refused(pickle.dumps(Harm(), protocol), "pickle")
    assert "harmed" not in os.listdir(tmp_path)
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", bytes(1 << 22))
    refused(bomb.read_bytes(), "zip archive")
    refused(b"", "empty")
    refused(b"hello, world", "begins with")
    refused(b"\x93NUMPY" + bytes(200), "begins with")


def test_what_is_no_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        skae.load(tmp_path / "missing.skae")
    with pytest.raises(ValueError, match="not a regular file"):
        skae.load(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="not a regular file"):
        skae.load(tmp_path / "pipe")
    with pytest.raises(TypeError):
        skae.load(None)


BOMBS = {
    "more cells than there are": {"dtype": "<f4", "shape": [1 << 40]},
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


@pytest.mark.parametrize("kind", BOMBS)
def test_arrays_that_are_not_what_the_header_says(kind, content, refused):
    header, cells = parts_of(content)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for place in (0, len(header["arrays"])):
        entries = header["arrays"]
        changed = [*entries[:place], BOMBS[kind], *entries[place + 1 :]]
        refused(signed({**header, "arrays": changed}, cells), "damaged|too large")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1 << 16  # 64 MB, in kB


def test_headers_that_are_none(content, refused):
    _, cells = parts_of(content)
    refused(signed(b"[" * 1_000_000, cells), "not valid JSON")
    refused(signed(b'{"a": ' * 100_000, cells), "not valid JSON")
    refused(signed(b"\xff\xfe", cells), "not valid JSON")
    refused(signed(b"1" * 10_000, cells), "not valid JSON")
    refused(signed([], cells), "not a JSON object")
    refused(signed({}, cells), "no list of arrays")
    for length in (1 << 63, len(cells) + 10**6):
        refused(signed({}, cells, length=length), "a header of")


def replaced(value, path, new):
    """A deep copy of nested dicts with `new` at `path`."""
    first, *rest = path
    return {**value, first: replaced(value[first], rest, new) if rest else new}


def described(path, fields):
    """A network of the user's own, in an architecture, as files have it."""
    pairs = [["module", path], ["fields", {"dict": fields}]]
    part = {"dict": pairs}
    return {"dict": [["kind", "own"], ["encoder", part], ["decoder", part]]}


MADE_UP = {
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
    "codes of another length": (["model", "state", "n_components_"], 10**11, "do not match"),
    "other columns": (["model", "state", "n_features_in_"], 5, "do not match"),
    "no mean": (["model", "state", "mean_"], None, "do not match"),
    "no scale": (["model", "state", "scale_"], 0.0, "do not match"),
    "keys of one hash": (
        ["model", "parameters", "alpha"],
        {"set": [k * (2**61 - 1) for k in range(1, 50_000)]},
        "a key of",
    ),
    "keys of one hash, in tuples": (
        ["model", "parameters", "alpha"],
        {"dict": [[{"tuple": [k * (2**61 - 1)]}, 1] for k in range(1, 50_000)]},
        "a key of",
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
        {"dict": [["network", described("os:mkdir", [["path", "harmed"]])]]},
        "'os:mkdir'",
    ),
    "an architecture in lists": (
        ["model", "state", "architecture_"],
        {"dict": [["network", described("os:path", [["x", [{"dict": [["name", "os:f"]]}]]])]]},
        "'os:f'",
    ),
    "an unknown kind": (["model", "parameters", "alpha"], {"exec": "1"}, "unknown kind 'exec'"),
    "two kinds": (["model", "parameters", "alpha"], {"tuple": [], "set": []}, "is inconsistent"),
    "an array that is not there": (["model", "parameters", "alpha"], {"array": 10**9}, "refers to"),
    "an array from the end": (["model", "parameters", "alpha"], {"array": -1}, "refers to"),
    "a key that does not hash": (
        ["model", "parameters", "alpha"],
        {"dict": [[[1], 2]]},
        "is inconsistent",
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


@pytest.mark.parametrize("kind", MADE_UP)
def test_content_that_was_made_up(kind, content, refused, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    header, cells = parts_of(content)
    path, new, words = MADE_UP[kind]
    refused(signed(replaced(header, path, new), cells), words)
    assert "harmed" not in os.listdir(tmp_path)


def test_what_is_handed_over_is_what_is_built(content, tmp_path):
    """A name in a description stands for the object that was given, not for what bears it."""
    header, cells = parts_of(content)
    place = ["model", "state", "architecture_", "dict"]
    pairs = dict(header["model"]["state"]["architecture_"]["dict"])
    pairs["network"] = described("os:mkdir", [])
    attack = replaced(header, place, list(pairs.items()))
    (tmp_path / "model.skae").write_bytes(signed(attack, cells))
    model = skae.load(tmp_path / "model.skae", trusted={"os:mkdir": fast})
    built = model.architecture_["network"]["encoder"]["module"]
    assert built == "tests.discovery:fast"


def test_characters_and_truth_values_that_do_not_exist(refused):
    bad = np.full(1, 0x110000, "<u4").tobytes() + bytes(60)
    refused(signed({"arrays": [{"dtype": "<U1", "shape": [1]}]}, bad), "characters")
    bad = b"\x02" + bytes(63)
    refused(signed({"arrays": [{"dtype": "|b1", "shape": [1]}]}, bad), "boolean")


def test_loading_imports_no_module_that_the_file_names(content, tmp_path, run_python):
    header, cells = parts_of(content)
    new = {"trusted": "antigravity:fly"}
    attack = replaced(header, ["model", "parameters", "optimizer"], new)
    (tmp_path / "model.skae").write_bytes(signed({**attack, "needs": []}, cells))
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
    """Kill a process that saves again and again; afterwards one of both files is whole."""
    child = subprocess.Popen(
        [sys.executable, "-c", SAVING, str(path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert child.stdout.readline().strip() == "ready"
    time.sleep(seconds)
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=60)
    header, (cells,) = container.read(path)
    assert (cells == {"old": 0, "new": 1}[header["holds"]]).all()


@pytest.mark.parametrize("seconds", [0.0, 0.013, 0.03])
def test_killed_while_saving(seconds, tmp_path):
    kill_while_saving(tmp_path / "model.skae", seconds)


@pytest.mark.stress
def test_killed_while_saving_at_50_moments(tmp_path):
    for seconds in np.random.default_rng().uniform(0, 0.2, 50):
        kill_while_saving(tmp_path / "model.skae", seconds)


def test_a_disk_that_is_full_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "model.skae"
    AutoencoderTransformer(2).save(path)
    before = path.read_bytes()

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        AutoencoderTransformer(3).save(path)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["model.skae"]


def test_links_and_rights_stay(tmp_path):
    (tmp_path / "folder").mkdir()
    link = tmp_path / "link.skae"
    link.symlink_to(tmp_path / "folder" / "model.skae")
    AutoencoderTransformer(2).save(link)
    assert link.is_symlink() and skae.load(tmp_path / "folder" / "model.skae").n_components == 2
    other = tmp_path / "other"
    other.touch()
    assert (tmp_path / "folder" / "model.skae").stat().st_mode == other.stat().st_mode
    with pytest.raises(FileNotFoundError):
        AutoencoderTransformer(2).save(tmp_path / "no" / "model.skae")


# ---- what is handed over


def written(*arguments, **fields):
    """A function of a user's, and no module."""
    raise AssertionError("it was called")


def test_a_function_that_was_handed_over_is_not_called(content, refused, tmp_path):
    header, cells = parts_of(content)
    name = f"{__name__}:written"
    call = {"module": {"dict": [["module", name], ["fields", {"dict": [["path", "harmed"]]}]]}}
    attack = replaced(header, ["model", "parameters", "network"], call)
    (tmp_path / "model.skae").write_bytes(signed(attack, cells))
    with pytest.raises(ValueError, match="no class of flax modules"):
        skae.load(tmp_path / "model.skae", trusted=[written])


# ---- where a file is written


def test_a_new_file_is_read_by_whom_the_old_one_was(tmp_path):
    path = tmp_path / "model.skae"
    AutoencoderTransformer(2).save(path)
    for mode in (0o600, 0o640, 0o444):
        path.chmod(mode)
        AutoencoderTransformer(3).save(path)
        assert path.stat().st_mode & 0o777 == mode


def test_a_pipe_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="not a regular file"):
        AutoencoderTransformer(2).save(tmp_path / "pipe")
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


def test_long_names_and_names_in_bytes(tmp_path):
    for name in ("a" * 255, "é" * 127):
        AutoencoderTransformer(2).save(tmp_path / name)
        assert skae.load(tmp_path / name).n_components == 2
    AutoencoderTransformer(3).save(os.fsencode(tmp_path / "model"))
    assert skae.load(os.fsencode(tmp_path / "model")).n_components == 3


def test_a_folder_that_cannot_be_settled_is_no_failure(tmp_path, monkeypatch):
    """The file is there by then; some file systems cannot bring a folder to the disk."""
    opened = os.open

    def open_files_only(path, *arguments):
        if os.path.isdir(path):
            raise PermissionError(13, "Permission denied")
        return opened(path, *arguments)

    monkeypatch.setattr(os, "open", open_files_only)
    AutoencoderTransformer(2).save(tmp_path / "model.skae")
    monkeypatch.undo()
    assert skae.load(tmp_path / "model.skae").n_components == 2
