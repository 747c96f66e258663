"""Calls every public method of a fitted estimator, for tests of all of them."""

import inspect

import numpy as np
import scipy.sparse as sp

from tests.discovery import ESTIMATORS


def _applied(function, params, samples):
    dense = samples.toarray() if sp.issparse(samples) else np.asarray(samples)
    with np.errstate(over="ignore"):
        return function(params, dense.astype(np.float32))


def _ends(samples):
    dense = samples.toarray() if sp.issparse(samples) else np.asarray(samples)
    return dense[0], dense[-1]


# methods of samples that return arrays, or several
OF_SAMPLES = [
    "code_logits",
    "decision_function",
    "encode_distribution",
    "encoder_jacobian",
    "hash",
    "predict",
    "predict_proba",
    "pullback_metric",
    "reconstruct",
    "reconstruction_errors",
    "score_samples",
    "transform",
]
CALLS = {
    **{name: lambda model, X, name=name: getattr(model, name)(X) for name in OF_SAMPLES},
    "corrupt": lambda model, X: model.corrupt(X, random_state=0),
    "decoder_function": lambda model, X: _applied(*model.decoder_function(), model.transform(X)),
    "encoder_function": lambda model, X: _applied(*model.encoder_function(), X),
    "hidden_activations": lambda model, X: model.hidden_activations(X, 0),
    "interpolate": lambda model, X: model.interpolate(*_ends(X), n_steps=3),
    "inverse_transform": lambda model, X: model.inverse_transform(model.transform(X)),
    "log_likelihood": lambda model, X: model.log_likelihood(X, n_importance_samples=2),
    "sample": lambda model, X: model.sample(2, random_state=0),
    "score": lambda model, X: model.score(
        X, model.predict(X) if hasattr(model, "predict") else None
    ),
}
# JAX functions in float32
FUNCTIONS = ("encoder_function", "decoder_function")
# they compute nothing from samples, train, or write files
NOT_CALLED = {
    "fit",
    "fit_predict",
    "fit_transform",
    "get_feature_names_out",
    "get_metadata_routing",
    "get_params",
    "onnx_converter",
    "onnx_shape_calculator",
    "partial_fit",
    "save",
    "set_callbacks",
    "set_output",
    "set_params",
    "to_onnx",
    "to_stablehlo",
}


def public_methods(cls):
    """Names of the public methods of a class, apart from the requests of metadata."""
    return {
        name
        for name in dir(cls)
        if not name.startswith("_")
        and not name.endswith("_request")
        and callable(inspect.getattr_static(cls, name))
        and name not in inspect.signature(cls).parameters
    }


def results(model, X):
    """``(name, function without arguments)`` of every public method that returns numbers."""
    for name, call in CALLS.items():
        if hasattr(type(model), name):
            yield name, lambda call=call: call(model, X)


def arrays(values):
    """The arrays among the results of a method."""
    return values if isinstance(values, tuple) else (values,)


def uncalled_methods():
    """Names of public methods that are neither called nor known not to be."""
    return set().union(*map(public_methods, ESTIMATORS)) - set(CALLS) - NOT_CALLED
