"""What estimators inherit: nothing else is imported before something is exported."""

from collections.abc import Sequence
from typing import Any

from skae.export.portable import Portable

__all__ = ["ExportMixin"]


class ExportMixin:
    """Adds `to_onnx` and `to_stablehlo`, and what skl2onnx asks estimators for."""

    # what can be exported, the default first
    _portable_methods: tuple[str, ...] = ()

    def _portable(self, method: str) -> Portable:
        """What a method of the fitted estimator computes."""
        raise NotImplementedError

    def to_onnx(self, path, method=None, opset=18):
        """Write what the fitted estimator computes as an ONNX model.

        The model takes float32 samples, any number of them, by the name "X", and its one output has
        the method's name. It runs without Python and JAX, as by onnxruntime. Needs
        ``pip install "skae[onnx]"``.

        Parameters
        ----------
        path : str or path-like
        method : str or None, default=None
            What the model does. Of autoencoders "transform" (the default), "inverse_transform" or
            "reconstruct", both in one; of classifiers "predict_proba" (the default) or
            "decision_function"; of regressors "predict".
        opset : int, default=18
            Version of ONNX's operators, at least 18. Old runtimes know no new ones.

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            There is no such method, the opset is too old or not known to the installed onnx, or a
            network of your own computes what ONNX has no rule for here: the message names it.
        ImportError
            onnx is not installed.

        Notes
        -----
        Results agree with the estimator's up to rounding in float32. The model checks nothing: not
        the range of the samples, nor that they are finite. Its metadata hold the class, the method
        and, where they are known, the names of the columns.

        Examples
        --------
        >>> import os, tempfile
        >>> import onnxruntime
        >>> from sklearn.datasets import load_digits
        >>> from skae import AutoencoderTransformer
        >>> X = load_digits().data.astype("float32")
        >>> path = os.path.join(tempfile.mkdtemp(), "encoder.onnx")
        >>> model = AutoencoderTransformer(10, max_iter=1, random_state=0).fit(X).to_onnx(path)
        >>> (codes,) = onnxruntime.InferenceSession(path).run(None, {"X": X})
        >>> bool(abs(codes - model.transform(X)).max() < 1e-3)
        True
        """
        from skae.export.onnx_file import write

        method = self._method_to_export(method)
        write(self, method, self._portable(method), path, opset)
        return self

    def to_stablehlo(self, path, method=None, platforms: Sequence[str] = ("cpu", "cuda", "tpu")):
        """Write what the fitted estimator computes as StableHLO, for JAX and what reads its files.

        ``jax.export.deserialize(content).call(X)`` computes it, for float32 samples, any number of
        them; skae is not needed there. Needs ``pip install "skae[stablehlo]"``.

        Parameters
        ----------
        path : str or path-like
        method : str or None, default=None
            As for `to_onnx`.
        platforms : sequence of str, default=("cpu", "cuda", "tpu")
            Where the file shall run: any of "cpu", "cuda", "rocm" and "tpu". None of them needs
            to be there now.

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            There is no such method or platform.
        ImportError
            flatbuffers is not installed, in which JAX writes such files.

        Notes
        -----
        JAX reads its files for at least six months after they were written; `save` keeps models.

        Examples
        --------
        >>> import os, tempfile
        >>> from pathlib import Path
        >>> from jax import export
        >>> from sklearn.datasets import load_digits
        >>> from skae import AutoencoderTransformer
        >>> X = load_digits().data.astype("float32")
        >>> path = Path(tempfile.mkdtemp()) / "encoder.stablehlo"
        >>> model = AutoencoderTransformer(10, max_iter=1, random_state=0).fit(X).to_stablehlo(path)
        >>> encoder = export.deserialize(bytearray(path.read_bytes()))
        >>> bool(abs(encoder.call(X) - model.transform(X)).max() < 1e-3)
        True
        """
        from skae.export.stablehlo import write

        method = self._method_to_export(method)
        write(self._portable(method), path, platforms)
        return self

    def onnx_shape_calculator(self):
        """What skl2onnx asks for when it converts a pipeline; not meant to be called.

        Returns
        -------
        calculator : callable
        """
        from skae.export.pipelines import set_types

        return set_types

    def onnx_converter(self):
        """What skl2onnx asks for when it converts a pipeline; not meant to be called.

        Returns
        -------
        converter : callable
        """
        from skae.export.pipelines import add_nodes

        return add_nodes

    def _method_to_export(self, method: Any) -> str:
        from sklearn.utils.validation import check_is_fitted

        methods = self._portable_methods
        method = methods[0] if method is None else method
        if method not in methods:
            raise ValueError(
                f"method={method!r} of {type(self).__name__} cannot be exported: give one of "
                f"{list(methods)}"
            )
        check_is_fitted(self)
        return method
