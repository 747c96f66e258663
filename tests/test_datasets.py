"""Loaders of data sets: contents, formats, safety of the unpickler, and error messages."""

import gzip
import os
import pickle
import tarfile

import numpy as np
import pytest

from skae.datasets import (
    _array_unpickler,
    load_cifar10,
    load_fashion_mnist,
    load_image_files,
)
from skae.datasets._array_unpickler import load_arrays

NAMES = ["cat", "horse"]


def batch(rng, n_samples=3):
    return rng.integers(0, 256, (n_samples, 3072), dtype=np.uint8), rng.integers(
        0, 2, n_samples
    ).tolist()


def write(folder, name, content, protocol=2):
    # the published files were pickled by Python 2, whose strings Python 3 unpickles as bytes
    content = {key.encode(): value for key, value in content.items()}
    (folder / name).write_bytes(pickle.dumps(content, protocol=protocol))


@pytest.fixture(scope="module")
def cifar(tmp_path_factory):
    """A folder in CIFAR-10's format, and its batches by file name."""
    folder = tmp_path_factory.mktemp("data") / "cifar-10-batches-py"
    folder.mkdir()
    rng = np.random.default_rng(0)
    batches = {}
    for number, name in enumerate([*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]):
        data, labels = batches[name] = batch(rng)
        write(folder, name, {"data": data, "labels": labels}, protocol=number)
    write(folder, "batches.meta", {"label_names": [name.encode() for name in NAMES]})
    return folder, batches


def test_pixels_have_channels_last(cifar):
    folder, batches = cifar
    got = load_cifar10(folder, split="test", dtype="uint8")
    data, labels = batches["test_batch"]
    np.testing.assert_array_equal(
        got.data.reshape(3, 32, 32, 3)[:, 5, 7, 1], data.reshape(3, 3, 32, 32)[:, 1, 5, 7]
    )
    np.testing.assert_array_equal(got.target, labels)
    assert got.target_names == NAMES
    assert got.image_shape == (32, 32, 3)
    assert got.source == str(folder)


def test_training_files_of_every_pickle_protocol_are_concatenated(cifar):
    folder, batches = cifar
    X, y = load_cifar10(folder, return_X_y=True)
    assert X.shape == (15, 3072)
    assert X.dtype == np.float32
    assert y.tolist() == [label for i in range(1, 6) for label in batches[f"data_batch_{i}"][1]]
    np.testing.assert_array_equal(X[3, 0], batches["data_batch_2"][0][0, 0] / np.float32(255))


def test_grayscale_conversion(cifar):
    folder, batches = cifar
    red, green, blue = batches["test_batch"][0].reshape(3, 3, 1024).swapaxes(0, 1) / 255
    average = load_cifar10(folder, split="test", color="average")
    luminance = load_cifar10(folder, split="test", color="luminance")
    np.testing.assert_allclose(average.data, (red + green + blue) / 3, rtol=1e-5)
    np.testing.assert_allclose(
        luminance.data, 0.299 * red + 0.587 * green + 0.114 * blue, rtol=1e-5
    )
    assert luminance.image_shape == (32, 32)
    rounded = load_cifar10(folder, split="test", color="luminance", dtype="uint8")
    assert np.abs(rounded.data / 255 - luminance.data).max() <= 0.5 / 255 + 1e-6


@pytest.mark.parametrize("classes", ["horse", 1, ["horse"]])
def test_selection_of_classes(cifar, classes):
    folder, batches = cifar
    got = load_cifar10(folder, split="test", classes=classes, return_X_y=True)[1]
    assert got.tolist() == [label for label in batches["test_batch"][1] if label == 1]


def test_archive_parent_folder_and_environment(cifar, tmp_path, monkeypatch):
    folder, _ = cifar
    with tarfile.open(tmp_path / "cifar-10-python.tar.gz", "w:gz") as archive:
        archive.add(folder, arcname=folder.name)
    expected = load_cifar10(folder).data
    for path in (tmp_path, tmp_path / "cifar-10-python.tar.gz", folder.parent, str(folder)):
        np.testing.assert_array_equal(load_cifar10(path).data, expected)
    monkeypatch.setenv("SKAE_DATA", str(tmp_path))
    np.testing.assert_array_equal(load_cifar10().data, expected)


class Evil:
    def __reduce__(self):
        return os.mkdir, ("harm",)


class Hidden:
    def __reduce__(self):
        return np.load, ("harm.npy",)


@pytest.mark.parametrize(
    "value", [Evil(), [Hidden()], np.array([Evil()], dtype=object), np.float64, np.array(["text"])]
)
def test_unpickler_rejects_everything_but_arrays(value, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for protocol in range(6):
        with pytest.raises(ValueError, match="not a pickle of numeric arrays"):
            load_arrays(pickle.dumps(value, protocol), "this file")
    assert not os.listdir(tmp_path)


def test_a_pickle_cannot_modify_the_unpickler():
    # opcodes that set the defaults of a function: GLOBAL, MARK, EMPTY_DICT, SETITEM, TUPLE2, BUILD
    opcodes = [b"c_codecs\nencode\n", b"N}", b"V__defaults__\n", b"Vlatin1\n\x85", b"s\x86b."]
    content = b"".join(opcodes)
    before = _array_unpickler._encode.__defaults__
    load_arrays(content, "this file")
    assert _array_unpickler._encode.__defaults__ == before


@pytest.mark.parametrize("dtype", ["uint8", ">i4", "<f8", "bool"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_round_trip(dtype, order):
    array = np.asarray(np.arange(6).reshape(2, 3), dtype=dtype, order=order)
    for protocol in range(6):
        got = load_arrays(pickle.dumps({b"a": [array, "é", None]}, protocol), "this file")[b"a"]
        np.testing.assert_array_equal(got[0], array)
        assert got[0].dtype == array.dtype


def test_errors_name_the_damaged_file(cifar, tmp_path):
    folder, _ = cifar
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    broken = tmp_path / "test_batch"
    whole = broken.read_bytes()
    for content in (whole[:-300], b"", b"no pickle"):
        broken.write_bytes(content)
        with pytest.raises(ValueError, match="test_batch"):
            load_cifar10(tmp_path, split="test")
    write(tmp_path, "test_batch", {"data": np.zeros((2, 100), np.uint8), "labels": [0, 1]})
    with pytest.raises(ValueError, match=r"test_batch.*\(2, 100\).*\(2, 3072\)"):
        load_cifar10(tmp_path, split="test")
    write(tmp_path, "test_batch", {"fine_labels": []})
    with pytest.raises(ValueError, match="it has no key 'data'"):
        load_cifar10(tmp_path, split="test")
    (tmp_path / "data_batch_3").unlink()
    with pytest.raises(FileNotFoundError, match="does not contain the CIFAR-10 files data_batch_3"):
        load_cifar10(tmp_path)


def test_missing_cifar_error_has_download_instructions(tmp_path, monkeypatch):
    monkeypatch.delenv("SKAE_DATA", raising=False)
    for path in (None, tmp_path):
        with pytest.raises(FileNotFoundError, match="Download cifar-10-python"):
            load_cifar10(path)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"split": "all"}, "split must be one of 'train', 'test', got 'all'"),
        ({"color": "gray"}, "color must be one of 'rgb', 'average', 'luminance'"),
        ({"dtype": "float64"}, "dtype must be one of"),
        ({"classes": "dog"}, "classes must be among cat, horse or their numbers 0 to 1, got 'dog'"),
        ({"classes": [2]}, "got 2"),
    ],
)
def test_invalid_parameters(cifar, parameters, message):
    with pytest.raises(ValueError, match=message):
        load_cifar10(cifar[0], **parameters)


@pytest.fixture(scope="module")
def image_folder(tmp_path_factory):
    """Two classes of images of different sizes and formats."""
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    folder = tmp_path_factory.mktemp("images")
    for name in ("blue", "red"):
        (folder / name).mkdir()
    image.new("RGB", (40, 20), (255, 0, 0)).save(folder / "red" / "wide.png")
    image.new("RGB", (10, 90), (0, 0, 255)).save(folder / "blue" / "tall.jpg", quality=100)
    image.new("L", (7, 7), 128).save(folder / "blue" / "gray.BMP".lower())
    image.new("RGBA", (9, 9), (0, 0, 255, 0)).save(folder / "red" / "transparent.png")
    (folder / "red" / "notes.txt").write_text("not an image")
    return folder


def test_load_image_files(image_folder):
    with pytest.warns(UserWarning, match=r"^1 of 5 files in .* left out: notes\.txt"):
        got = load_image_files(image_folder, image_shape=(4, 6))
    assert got.data.shape == (4, 72)
    assert got.image_shape == (4, 6, 3)
    assert got.target_names == ["blue", "red"]
    assert got.target.tolist() == [0, 0, 1, 1]
    images = got.data.reshape(4, 4, 6, 3)
    np.testing.assert_allclose(images[0], 128 / 255, atol=1e-6)
    np.testing.assert_allclose(images[1], np.broadcast_to([0, 0, 1], (4, 6, 3)), atol=0.02)
    np.testing.assert_allclose(images[2], 1)  # transparent pixels become white
    np.testing.assert_allclose(images[3], np.broadcast_to([1, 0, 0], (4, 6, 3)), atol=1e-6)


def test_image_files_cropped_or_stretched(tmp_path):
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    stripes = np.zeros((10, 30), np.uint8)
    stripes[:, 10:20] = 255
    image.fromarray(stripes).save(tmp_path / "stripes.png")
    cropped = load_image_files(tmp_path, image_shape=(10, 10), color="average")
    assert cropped.image_shape == (10, 10)
    assert cropped.target_names == ["."]
    np.testing.assert_allclose(cropped.data, 1, atol=1e-6)
    stretched = load_image_files(
        tmp_path, image_shape=(10, 10), color="luminance", resize="stretch", dtype="uint8"
    )
    assert stretched.data.dtype == np.uint8
    assert stretched.data.reshape(10, 10)[0, [0, 5, 9]].tolist() == [0, 255, 0]


def test_image_file_errors(image_folder, tmp_path):
    for shape in (32, (32,), (0, 4), (4.5, 4), "ab"):
        with pytest.raises(ValueError, match="image_shape must be a height and a width"):
            load_image_files(image_folder, image_shape=shape)
    with pytest.raises(FileNotFoundError, match="contains no image files"):
        load_image_files(tmp_path)
    for files in (tmp_path / "nowhere", [tmp_path / "nowhere.png"]):
        with pytest.raises(FileNotFoundError, match=r"nowhere.* is not an existing folder or file"):
            load_image_files(files)
    for files, words in (([tmp_path], "is a folder"), ([], "empty list"), (3, "must be the path")):
        with pytest.raises(ValueError, match=words):
            load_image_files(files)
    with pytest.raises(ValueError, match="errors must be one of 'raise', 'skip', got 'ignore'"):
        load_image_files(image_folder, errors="ignore")
    (tmp_path / "no.png").write_text("not an image")
    with pytest.raises(ValueError, match=r"no\.png is not an image"):
        load_image_files(tmp_path)


@pytest.mark.parametrize("suffix", ["pgm", "ppm", "pnm", "tga", "PNG", "webp"])
def test_all_formats_that_pillow_reads_are_loaded(suffix, tmp_path):
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    picture = image.new("L" if suffix == "pgm" else "RGB", (4, 4))
    for i in range(3):
        picture.save(tmp_path / f"{i}.{suffix}")
    picture.save(tmp_path / "other.png")
    assert load_image_files(tmp_path).data.shape == (4, 3072)


def test_files_that_are_left_out_are_counted(tmp_path):
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    image.new("L", (4, 4)).save(tmp_path / "image.png")
    (tmp_path / ".hidden").mkdir()
    for name in (".DS_Store", "._image.png", ".hidden/image.png"):
        (tmp_path / name).write_bytes(b"no image")
    assert len(load_image_files(tmp_path).data) == 1
    for i in range(7):
        (tmp_path / f"{i}.csv").write_bytes(b"no image")
    with pytest.warns(UserWarning, match=r"^7 of 8 files in .*: 0\.csv, .*4\.csv and 2 more\.$"):
        load_image_files(tmp_path)


def test_unreadable_files_are_skipped_with_a_warning(tmp_path):
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        image.new("L", (4, 4), 255).save(tmp_path / name / "image.png")
    damaged = [tmp_path / "b" / "image.png", tmp_path / "c" / "more.jpg"]
    damaged[0].write_bytes(damaged[0].read_bytes()[:-30])
    damaged[1].write_text("no image")
    with pytest.raises(ValueError, match=r"image\.png is not an image that Pillow can read"):
        load_image_files(tmp_path)
    with pytest.warns(UserWarning, match=r"2 of 4 files cannot be read.*image\.png, more\.jpg"):
        got = load_image_files(tmp_path, errors="skip")
    assert got.target_names == ["a", "c"] and got.target.tolist() == [0, 1]
    assert [os.path.basename(os.path.dirname(name)) for name in got.filenames] == ["a", "c"]
    np.testing.assert_allclose(got.data, 1)
    with pytest.raises(ValueError, match="None of 2 files can be read as an image"):
        load_image_files(damaged, errors="skip")


def test_single_files_and_lists_of_files(image_folder, monkeypatch):
    wide, tall = image_folder / "red" / "wide.png", image_folder / "blue" / "tall.jpg"
    one = load_image_files(wide)
    assert one.filenames == [str(wide)] and one.target_names == ["."]
    np.testing.assert_allclose(one.data[0, :3], [1, 0, 0])
    both = load_image_files([str(wide), tall, wide])
    assert both.filenames == [str(wide), str(tall), str(wide)]
    assert both.target_names == ["blue", "red"] and both.target.tolist() == [1, 0, 1]
    np.testing.assert_array_equal(both.data[0], one.data[0])
    monkeypatch.chdir(image_folder)
    relative = load_image_files(["red/wide.png", "blue/../blue/tall.jpg"])
    assert relative.target_names == ["blue", "red"] and relative.filenames[0] == "red/wide.png"
    (image_folder / "copy").write_bytes(wide.read_bytes())
    np.testing.assert_array_equal(load_image_files("copy").data, one.data)
    os.unlink("copy")


def test_16_bit_images_are_scaled_to_8_bits(tmp_path):
    Image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    ramp = np.arange(256, dtype=np.uint16).reshape(16, 16)
    Image.fromarray(ramp * 257).save(tmp_path / "wide.png")
    Image.fromarray(ramp.astype(np.uint8)).save(tmp_path / "narrow.png")
    big_endian = (ramp * 257).astype(">u2").tobytes()
    (tmp_path / "wide.pgm").write_bytes(b"P5 16 16 65535\n" + big_endian)
    narrow, pgm, png = load_image_files(tmp_path, image_shape=(16, 16)).data
    np.testing.assert_array_equal(narrow, png)
    np.testing.assert_array_equal(narrow, pgm)
    Image.fromarray(np.full((4, 4), 0.5, np.float32)).save(tmp_path / "floats.tif")
    with pytest.raises(ValueError, match=r"floats\.tif has pixels of 32 bits"):
        load_image_files(tmp_path)


def test_damaged_gzip_file(tmp_path, monkeypatch):
    for name in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"):
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(bytes(1000))[:-9])
    monkeypatch.setenv("SKAE_DATA", str(tmp_path))
    with pytest.raises(ValueError, match="damaged, or is not a gzip file"):
        load_fashion_mnist()
