"""Saving and loading of estimators."""

import os
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

from skae.persistence import container
from skae.persistence.decoding import Decoder
from skae.persistence.encoding import Encoder
from skae.persistence.registry import InvalidContent, TrustedObjects

__all__ = ["decode_content", "library_versions", "load", "write"]

_CONTENT = "model"
# Longest list of missing names in an error message.
_MAX_NAMES = 10


def write(estimator: Any, path: str | os.PathLike[str]) -> None:
    """Write an estimator to a file; implements the estimators' method `save`."""
    encoder = Encoder()
    encoded = encoder.encode(estimator, type(estimator).__name__)
    header = {
        "holds": _CONTENT,
        "made_by": library_versions(),
        "needs": sorted(encoder.needs),
        _CONTENT: encoded,
    }
    container.write(path, header, encoder.arrays)


def load(
    path: str | os.PathLike[str], trusted: Mapping[str, Any] | Iterable[Any] | None = None
) -> Any:
    """Load an estimator that was saved by its method `save`.

    Unlike unpickling, loading executes no code from the file and imports no module that the file
    names. The checksum is verified. Arrays need no more memory than the file is long; the header
    has at most 16 MB, and parsing it temporarily needs some fifty times as much.

    Parameters
    ----------
    path : str or path-like
    trusted : iterable or dict, default=None
        Your own functions and classes that the model uses, and those of optax or flax:
        ``trusted=[optax.adamw, MyEncoder, MyDecoder]``. An error lists the missing ones. If an
        object has been renamed since, map the name in the file to the object:
        ``trusted={"old_module:MyEncoder": MyEncoder}``.

    Returns
    -------
    estimator : estimator
        As it was saved, fitted or not. Its `transform` is bitwise identical on the same kind of
        processor with the same version of jaxlib. A model that was fitted on a GPU can be used
        without a GPU.

    Raises
    ------
    ValueError
        The file was not saved by skae, is truncated or damaged, has a later format version, or
        needs objects that `trusted` does not contain.
    OSError
        The file does not exist or cannot be read.

    Examples
    --------
    >>> import os, tempfile
    >>> from sklearn.datasets import load_digits
    >>> import skae
    >>> X, _ = load_digits(return_X_y=True)
    >>> path = os.path.join(tempfile.mkdtemp(), "digits.skae")
    >>> model = skae.AutoencoderTransformer(10, max_iter=1, random_state=0).fit(X).save(path)
    >>> bool((skae.load(path).transform(X) == model.transform(X)).all())
    True
    """
    trusted_objects = TrustedObjects(trusted)
    header, arrays = container.read(path)
    model = decode_content(path, header, arrays, trusted_objects, _CONTENT)
    if isinstance(model, type) or not hasattr(model, "get_params"):
        raise ValueError(f"{str(path)!r} cannot be loaded: it contains no estimator.")
    return model


def decode_content(
    path: str | os.PathLike[str],
    header: dict[str, Any],
    arrays: list,
    trusted: TrustedObjects,
    expected: str,
) -> Any:
    """Decode the content of a file of the `expected` kind, "model" or "checkpoint".

    Raises
    ------
    ValueError
        The content is of another kind, inconsistent, or needs untrusted objects. The message is
        one line.
    """
    kind, versions = header.get("holds"), header.get("made_by")
    if kind != expected:
        shown = kind if kind in ("model", "checkpoint") else container.safe_repr(kind)
        raise ValueError(f"{str(path)!r} contains a {shown}, not a {expected}.")
    try:
        missing = [name for name in header["needs"] if name not in trusted.objects]
        if missing:
            names = [container.safe_repr(name) for name in missing[:_MAX_NAMES]]
            more = ["and others"] if len(missing) > _MAX_NAMES else []
            raise InvalidContent(
                f"it needs {', '.join(names + more)}; if you trust these objects with the "
                "content of the file, pass them as load(path, trusted=[...])"
            )
        return Decoder(arrays, trusted).decode(header[expected])
    except InvalidContent as error:
        raise ValueError(
            f"{str(path)!r} cannot be loaded: {error} (saved with {versions!r:.200})."
        ) from None
    except Exception as error:  # The content is untrusted: decoding it can raise nearly anything.
        raise ValueError(
            f"{str(path)!r} cannot be loaded: its content is inconsistent "
            f"({type(error).__name__}: {container.safe_repr(str(error))})."
        ) from error


def library_versions() -> dict[str, str]:
    """Versions of skae and of the libraries that numerical results depend on."""
    names = ("flax", "jax", "jaxlib", "numpy", "optax", "scikit-learn", "scipy")
    versions = {name: version(name) for name in names}
    # Not the version of the installed distribution: a source tree may precede it on sys.path.
    return {"skae": sys.modules["skae"].__version__, **versions}
