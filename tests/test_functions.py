"""The fitted encoder and decoder as pure JAX functions, in the units of X and of `transform`."""

import copy
import os
import re
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from skae import VAE, AutoencoderTransformer, PretrainedRegressor, RecurrentAutoencoder
from tests.discovery import AUTOENCODERS, CLASSES_AND_LOSSES, REPRESENTATIVES, fast

each_autoencoder = pytest.mark.parametrize("cls", AUTOENCODERS)


@each_autoencoder
def test_encoder_function_is_transform(cls, fitted, X_new):
    function, params = fitted(cls).encoder_function()
    codes = function(params, X_new.astype(np.float32))
    assert isinstance(codes, jax.Array)
    np.testing.assert_allclose(codes, fitted(cls).transform(X_new), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("n_samples", [64, 65])
def test_methods_of_constants_inside_a_jit(n_samples, fitted, X):
    """Whether an array is transferred to a device before depends on the number of samples."""
    model, samples = fitted(AutoencoderTransformer), X[:n_samples]
    codes = model.transform(samples)
    want = codes.sum() + model.inverse_transform(codes).sum() + model.score(samples) + 1.0

    def function(offset):
        methods = model.transform(samples).sum(), model.inverse_transform(codes).sum()
        return sum(methods) + model.score(samples) + offset

    np.testing.assert_allclose(jax.jit(function)(1.0), want, rtol=1e-5)
    np.testing.assert_allclose(jax.value_and_grad(function)(1.0), (want, 1.0), rtol=1e-5)


@pytest.mark.parametrize("method", ["transform", "reconstruct", "score", "inverse_transform"])
def test_traced_samples_raise(method, fitted, X):
    function = getattr(fitted(AutoencoderTransformer), method)
    with pytest.raises(TypeError, match=r"X is traced .* encoder_function"):
        jax.jit(function)(X[:3])


@pytest.mark.representatives
@pytest.mark.parametrize("cls, loss", CLASSES_AND_LOSSES)
def test_decoder_function_is_inverse_transform(cls, loss, fitted, X_new):
    model = fitted(cls, loss=loss)
    function, params = model.decoder_function()
    codes = model.transform(X_new)
    got = function(params, codes.astype(np.float32))
    np.testing.assert_allclose(got, model.inverse_transform(codes), rtol=1e-4, atol=1e-5)


@pytest.mark.representatives.with_args(AutoencoderTransformer)
@pytest.mark.parametrize("cls", [*REPRESENTATIVES, RecurrentAutoencoder])
def test_under_jit_vmap_and_grad(cls, fitted, X_new):
    encode, params = fitted(cls).encoder_function()
    samples = jnp.asarray(X_new, jnp.float32)
    plain = encode(params, samples)
    np.testing.assert_allclose(jax.jit(encode)(params, samples), plain, rtol=1e-4, atol=1e-5)
    one_by_one = jax.vmap(lambda sample: encode(params, sample[None])[0])(samples)
    np.testing.assert_allclose(one_by_one, plain, rtol=1e-4, atol=1e-5)
    single = jax.vmap(encode, in_axes=(None, 0))(params, samples)
    np.testing.assert_allclose(single, plain, rtol=1e-4, atol=1e-5)
    jacobian = jax.jacobian(lambda sample: encode(params, sample))(samples[0])
    assert jacobian.shape == (2, 6)
    gradient = jax.grad(lambda p: jnp.sum(encode(p, samples) ** 2))(params)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(gradient))
    assert any(np.abs(leaf).max() > 0 for leaf in jax.tree.leaves(gradient))


def test_jacobian_is_the_derivative_of_transform(fitted, X_new):
    model = fitted(AutoencoderTransformer, init="random")
    encode, params = model.encoder_function()
    sample = X_new[0]
    jacobian = np.asarray(jax.jacobian(lambda r: encode(params, r))(jnp.float32(sample)))
    step = 1e-2
    for j in range(6):
        bump = step * np.eye(6)[j]
        ends = model.transform(np.stack([sample + bump, sample - bump]))
        np.testing.assert_allclose((ends[0] - ends[1]) / (2 * step), jacobian[:, j], atol=5e-3)


def all_exports(model, path):
    """Calls of every method that computes in float32 in the user's units."""
    functions = [getattr(model, name) for name in ("encoder_function", "decoder_function")]
    for method in model._portable_methods:
        functions.append(partial(model.to_onnx, path, method))
        functions.append(partial(model.to_stablehlo, path, method, ["cpu"]))
    return functions


@pytest.mark.parametrize("factor", [1e46, 1e-34, 1e-46, 1e-140])
@pytest.mark.parametrize("cls", [AutoencoderTransformer, VAE])
def test_units_outside_float32_are_refused(cls, factor, X, tmp_path):
    pytest.importorskip("onnx", reason="onnx is not installed")
    model = fast(cls, max_iter=1).fit(X * factor)
    for function in all_exports(model, tmp_path / "model"):
        with pytest.raises(ValueError, match=r"compute in float32.*divide X by .*fit again") as got:
            function()
    divisor = float(re.search("divide X by (.*) and", str(got.value))[1])
    assert os.listdir(tmp_path) == [] and "\n" not in str(got.value)
    model.fit(X * factor / divisor)
    encode, params = model.encoder_function()
    codes = encode(params, (X * factor / divisor).astype(np.float32))
    assert np.isfinite(codes).all()


@pytest.mark.parametrize("factor", [1e37, 1e-30])
def test_units_within_float32_are_accurate(factor, X):
    model = fast(AutoencoderTransformer, max_iter=1).fit(X * factor)
    codes, (encode, params) = model.transform(X * factor), model.encoder_function()
    found = encode(params, (X * factor).astype(np.float32))
    np.testing.assert_allclose(found, codes, rtol=1e-4, atol=1e-5 * np.abs(codes).max())
    decode, params = model.decoder_function()
    found = decode(params, codes.astype(np.float32))
    np.testing.assert_allclose(found, model.inverse_transform(codes), rtol=1e-4)


def test_units_of_cross_entropy_are_those_of_X(X):
    model = fast(AutoencoderTransformer, loss="binary_cross_entropy", max_iter=1)
    encode, params = model.fit(X * 1e-46).encoder_function()
    assert np.isfinite(encode(params, X.astype(np.float32))).all()


def test_targets_outside_float32_are_not_exported(X, tmp_path):
    pytest.importorskip("onnx", reason="onnx is not installed")
    model = fast(PretrainedRegressor)
    for factor in (1e46, 1e-46):
        model.fit(X, X[:, 0] * factor)
        assert np.isfinite(model.predict(X)).all()
        with pytest.raises(ValueError, match=r"target_scale_=.*divide y by"):
            model.to_onnx(tmp_path / "model.onnx")


@each_autoencoder
def test_functions_do_not_depend_on_the_estimator(cls, fitted, X_new, X):
    model = copy.deepcopy(fitted(cls))
    before = model.transform(X_new)
    function, params = model.encoder_function()
    jax.tree.map(lambda leaf: np.asarray(leaf) * 0, params)
    model.set_params(max_iter=1).fit(X * 2)
    np.testing.assert_allclose(
        function(params, X_new.astype(np.float32)), before, rtol=1e-4, atol=1e-5
    )


@each_autoencoder
def test_scores_follow_their_formulas(cls, fitted, X, X_new):
    model = fitted(cls)
    if "score_samples" in cls.__dict__ or "score" in cls.__dict__:
        return  # a variant with a likelihood has formulas of its own
    error = np.mean((X_new - model.reconstruct(X_new)) ** 2, axis=1)
    np.testing.assert_allclose(model.score_samples(X_new), -error, rtol=1e-4, atol=1e-7)
    total = np.sum((X_new - model.mean_) ** 2)
    explained = 1 - np.sum((X_new - model.reconstruct(X_new)) ** 2) / total
    np.testing.assert_allclose(model.score(X_new), explained, rtol=1e-5, atol=1e-6)
    assert isinstance(model.score(X_new), float)
    np.testing.assert_allclose(model.mean_, X.mean(axis=0), rtol=1e-12)


@each_autoencoder
def test_reconstruct_is_inverse_transform_of_transform(cls, fitted, X_new):
    if "reconstruct" in cls.__dict__:
        return  # a code that does not hold all that a reconstruction is made of
    model = fitted(cls)
    np.testing.assert_allclose(
        model.reconstruct(X_new), model.inverse_transform(model.transform(X_new)), rtol=1e-5
    )
