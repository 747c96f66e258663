"""Models as files: what `save` writes, `load` reads."""

import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

from skae.persistence import container
from skae.persistence.decoding import Decoder
from skae.persistence.encoding import Encoder
from skae.persistence.registry import Names, Unknown

__all__ = ["decoded", "load", "made_by", "write"]

_WHAT = "model"
# in an error
_MOST_NAMES = 10


def write(estimator, path) -> None:
    """What `SaveMixin.save` does."""
    encoder = Encoder()
    model = encoder.encode(estimator, type(estimator).__name__)
    header = {"holds": _WHAT, "made_by": made_by(), "needs": sorted(encoder.needs), _WHAT: model}
    container.write(path, header, encoder.arrays)


def load(path, trusted: Mapping[str, Any] | Iterable[Any] | None = None):
    """Read an estimator that its `save` wrote.

    Nothing is run that the file says, and nothing imported because the file names it. Its checksum
    is compared, and no more memory is taken than the file is long, but for its header: of at most
    16 MB, which take some fifty times as much for the moment.

    Parameters
    ----------
    path : str or path-like
    trusted : iterable or dict, default=None
        Functions and classes of your own that the model was made with, and those of optax or flax:
        ``trusted=[optax.adamw, MyEncoder, MyDecoder]``. An error tells which are wanted. One that
        has another name by now is handed over by that which the file has for it:
        ``trusted={"old_module:MyEncoder": MyEncoder}``.

    Returns
    -------
    estimator : estimator
        As it was saved, fitted or not: `transform` gives the same bits on the same kind of
        processor with the same jaxlib. A model fitted on a GPU works where there is none.

    Raises
    ------
    ValueError
        The file was not saved by skae, is cut short or damaged, is of a later version, or needs
        what `trusted` does not have.
    OSError
        There is no such file, or it cannot be read.

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
    names = Names(trusted)
    header, arrays = container.read(path)
    model = decoded(path, header, arrays, names, _WHAT)
    if isinstance(model, type) or not hasattr(model, "get_params"):
        raise ValueError(f"{str(path)!r} was not loaded: it holds no estimator")
    return model


def decoded(path, header, arrays, names, what):
    """What a file holds under `what`, or an error in one sentence."""
    holds, by = header.get("holds"), header.get("made_by")
    if holds != what:
        is_known = holds in ("model", "checkpoint")
        kind = holds if is_known else container.shown(holds)
        raise ValueError(f"{str(path)!r} holds a {kind}, and a {what} is asked for")
    try:
        missing = [name for name in header["needs"] if name not in names.things]
        if missing:
            told = [container.shown(name) for name in missing[:_MOST_NAMES]]
            more = ["and others"] if len(missing) > _MOST_NAMES else []
            raise Unknown(
                f"it needs {', '.join(told + more)}: hand these over, as in "
                "load(path, trusted=[...]), if you trust them with the file"
            )
        return Decoder(arrays, names).decode(header[what])
    except Unknown as error:
        raise ValueError(f"{str(path)!r} was not loaded: {error} (made by {by!r:.200})") from None
    except Exception as error:  # what a header may hold that was made up can raise nearly anything
        raise ValueError(
            f"{str(path)!r} was not loaded: what it holds does not fit together "
            f"({type(error).__name__}: {container.shown(str(error))})"
        ) from error


def made_by() -> dict[str, str]:
    """Versions of what numbers depend on."""
    names = ("flax", "jax", "jaxlib", "numpy", "optax", "scikit-learn", "scipy")
    found = {name: version(name) for name in names}
    # not that of what is installed: a source tree may stand before it on the path
    return {"skae": sys.modules["skae"].__version__, **found}
