"""Mixin with the export methods; the conversion code is imported when they are called."""

import os
from collections.abc import Callable, Sequence
from typing import ClassVar, Self

from skae.export.portable import Portable

__all__ = ["ExportMixin"]


class ExportMixin:
    """Adds `to_onnx` and `to_stablehlo`, and the converter methods that skl2onnx looks up."""

    # Methods that can be exported; the first is the default.
    _portable_methods: ClassVar[tuple[str, ...]] = ()

    def _portable(self, method: str) -> Portable:
        """A method of the fitted estimator as a pure JAX function."""
        raise NotImplementedError

    def to_onnx(
        self, path: str | os.PathLike[str], method: str | None = None, opset: int = 18
    ) -> Self:
        """Export a method of the fitted estimator as an ONNX model.

        The input of the model is "X", a batch of any number of float32 samples. Its output has the
        name of the method. The model runs without Python and JAX, for example in onnxruntime.
        Requires ``pip install "skae[onnx]"``.

        Parameters
        ----------
        path : str or path-like
            A file at this path is replaced only once the new one is complete.
        method : str or None, default=None
            The method to export. Autoencoders: "transform" (default), "inverse_transform" or
            "reconstruct"; `SemanticHasher` also "code_logits". Classifiers: "predict_proba"
            (default) or "decision_function". Regressors: "predict". Outlier detectors:
            "decision_function" (default), "score_samples" or "predict".
        opset : int, default=18
            Version of the ONNX operator set, at least 18. Older runtimes do not support newer
            versions.

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            The method cannot be exported, the installed onnx does not support the opset, or your
            own network uses a JAX primitive that has no ONNX rule. The message names the primitive.
            Or the path is empty, or is not the path of a regular file. Or the range of float32 does
            not suffice for the mean or the scale of the training samples.
        OSError
            The file cannot be written, for example because its folder does not exist.
        ImportError
            onnx is not installed.

        Notes
        -----
        Results equal the estimator's up to float32 rounding. The model does not validate its input:
        neither the range of values, nor that they are finite. Its metadata contain the class, the
        method, and feature names and class labels if the estimator has them.

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

    def to_stablehlo(
        self,
        path: str | os.PathLike[str],
        method: str | None = None,
        platforms: Sequence[str] = ("cpu", "cuda", "tpu"),
    ) -> Self:
        """Export a method of the fitted estimator as StableHLO, the portable format of JAX and XLA.

        ``jax.export.deserialize(content).call(X)`` runs it on any number of float32 samples,
        without skae. Requires ``pip install "skae[stablehlo]"``.

        Parameters
        ----------
        path : str or path-like
            A file at this path is replaced only once the new one is complete.
        method : str or None, default=None
            As for `to_onnx`.
        platforms : sequence of str, default=("cpu", "cuda", "tpu")
            Platforms that the file supports: any of "cpu", "cuda", "rocm" and "tpu". They need not
            be available on this machine.

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            The method cannot be exported, a platform is unknown, or the path is empty or not the
            path of a regular file. Or the range of float32 does not suffice for the mean or the
            scale of the training samples.
        OSError
            The file cannot be written, for example because its folder does not exist.
        ImportError
            flatbuffers, which JAX needs for serialization, is not installed.

        Notes
        -----
        JAX guarantees to read these files for at least six months. To store a model for longer,
        use `save`.

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

    def onnx_shape_calculator(self) -> Callable:
        """Shape calculator for skl2onnx, which calls this method when it converts a pipeline.

        Returns
        -------
        calculator : callable
        """
        from skae.export.pipelines import set_types

        return set_types

    def onnx_converter(self) -> Callable:
        """Converter for skl2onnx, which calls this method when it converts a pipeline.

        Returns
        -------
        converter : callable
        """
        from skae.export.pipelines import add_nodes

        return add_nodes

    def _method_to_export(self, method: str | None) -> str:
        from sklearn.utils.validation import check_is_fitted

        methods = self._portable_methods
        chosen = methods[0] if method is None else method
        if chosen not in methods:
            raise ValueError(
                f"method={chosen!r} of {type(self).__name__} cannot be exported. Use one of "
                f"{list(methods)}."
            )
        check_is_fitted(self)
        return chosen
