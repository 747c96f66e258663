"""Displays: the arrays, labels and axes that they draw (not the appearance of the figures)."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from threadpoolctl import threadpool_limits

import skae
from skae.display import (
    CodeHistogramDisplay,
    FeatureDisplay,
    HashBucketDisplay,
    LatentDisplay,
    LearningCurveDisplay,
    ReconstructionDisplay,
    SampleDisplay,
    first_layer_weights,
)
from skae.display._mosaic import mosaic, to_rgba, value_limits
from skae.networks import Convolutional
from tests.discovery import short
from tests.test_docstrings import entries, parameters_of, section

SHAPE = (8, 8)
# untrained models, which need no compilation
QUICK = {"hidden_layer_sizes": (8,), "max_iter": 0, "random_state": 0}


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:120] / 16, y[:120]


@pytest.fixture(scope="module")
def models(digits):
    X, _ = digits
    convolutional = Convolutional(image_shape=(8, 8), channels=(3,))
    return {
        "plain": skae.AutoencoderTransformer(2, **QUICK).fit(X),
        "long": skae.AutoencoderTransformer(9, **QUICK).fit(X),
        "vae": skae.VAE(2, **{**QUICK, "max_iter": 2, "early_stopping": False}).fit(X),
        "sparse": skae.SparseAutoencoder(6, **QUICK).fit(X),
        "hasher": skae.SemanticHasher(3, **QUICK).fit(X),
        "convolutional": skae.AutoencoderTransformer(
            2, network=convolutional, max_iter=0, random_state=0
        ).fit(X),
    }


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def labels(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def tile(display, row, column, n_rows, n_columns):
    """One image of a mosaic, as it was drawn."""
    picture = display.image_.get_array()
    height, width = (np.array(picture.shape[:2]) - 1) // (n_rows, n_columns)
    return picture[1 + row * height : (row + 1) * height, 1 + column * width :][:, : width - 1]


def gray(sample, limits=(0.0, 1.0)):
    return to_rgba(sample, (8, 8, 1), limits=limits, cmap="gray_r")


def test_mosaic_centers_are_those_of_its_images():
    images = np.arange(2 * 3 * 4 * 5 * 4, dtype=float).reshape(2, 3, 4, 5, 4)
    picture, (y, x) = mosaic(images, gap=1)
    assert picture.shape == (2 * 5 + 1, 3 * 6 + 1, 4)
    np.testing.assert_array_equal(picture[6:10, 13:18], images[1, 2])
    assert y.tolist() == [2.5, 7.5] and x.tolist() == [3.0, 9.0, 15.0]


def test_value_limits():
    assert value_limits([0.0, 0.9]) == (0.0, 1.0)
    assert value_limits([2.0, 5.0]) == (2.0, 5.0)
    assert value_limits([-3.0, 1.0], signed=True) == (-3.0, 3.0)
    low, high = value_limits([[4.0, 4.0]])
    assert low < high


class TestReconstruction:
    def test_images(self, digits, models):
        X, _ = digits
        pca = PCA(2).fit(X)
        several = {"PCA": pca, "autoencoder": models["plain"]}
        display = ReconstructionDisplay.from_estimator(several, X, n_rows=4, image_shape=SHAPE)
        assert labels(display.ax_.yaxis) == ["original", "PCA", "autoencoder"]
        assert display.figure_ is display.ax_.figure
        expected = pca.inverse_transform(pca.transform(X[:4]))
        np.testing.assert_allclose(display.X_hat["PCA"], expected)
        np.testing.assert_array_equal(tile(display, 0, 2, 3, 4), gray(X[2]))
        np.testing.assert_allclose(tile(display, 1, 3, 3, 4), gray(expected[3]))
        error = np.sqrt(np.mean((expected - X[:4]) ** 2, axis=1))
        np.testing.assert_allclose(display.errors_["PCA"], error)

    def test_noise_and_error(self, digits, models):
        X, _ = digits
        noisy = np.clip(X[:3] + 0.2, 0, 1)
        display = ReconstructionDisplay.from_estimator(
            models["plain"], X[:3], X_noisy=noisy, image_shape=SHAPE, show_error=True
        )
        first, second, third, last = labels(display.ax_.yaxis)
        assert (first, second, third) == ("original", "noisy", "reconstruction")
        assert "error" in last
        np.testing.assert_array_equal(tile(display, 1, 0, 4, 3), gray(noisy[0]))
        np.testing.assert_allclose(
            display.X_hat["reconstruction"], models["plain"].reconstruct(noisy)
        )
        assert len(labels(display.ax_.xaxis)) == 3

    def test_features_and_names(self, models, digits):
        import pandas as pd

        X = pd.DataFrame(digits[0][:, :5], columns=list("abcde"))
        model = PCA(2).fit(X)
        display = ReconstructionDisplay.from_estimator(model, X, n_rows=3)
        assert display.axes_.shape == (3,)
        bars = [bar.get_height() for bar in display.axes_[1].patches]
        np.testing.assert_allclose(bars, X.to_numpy()[1])
        assert labels(display.axes_[-1].xaxis) == list("abcde")
        _, axes = plt.subplots(3)
        again = display.plot(ax=axes)
        assert again is display and list(display.axes_) == list(axes)

    def test_the_index_of_a_frame_labels_the_samples(self, digits):
        import pandas as pd

        features, images = digits[0][:5, :4], digits[0][:5]
        model, of_images = PCA(2).fit(features), PCA(2).fit(images)
        towns = ["Ames", "Boone", "Chelsea", "Dunbar", "Elgin"]
        pairs = pd.MultiIndex.from_product([["a"], range(5)])
        for index, expected in (
            (towns, towns),
            ([7, 3, 9, 11, 4], ["sample 7", "sample 3", "sample 9", "sample 11", "sample 4"]),
            (pairs, ["a, 0", "a, 1", "a, 2", "a, 3", "a, 4"]),
            (None, ["sample 0", "sample 1", "sample 2", "sample 3", "sample 4"]),
        ):
            X = pd.DataFrame(features, index=index, columns=list("abcd"))
            display = ReconstructionDisplay.from_estimator(model.fit(X), X, n_rows=4)
            assert [ax.get_ylabel() for ax in display.axes_] == expected[:4]
        X = pd.DataFrame(images, index=towns)
        display = ReconstructionDisplay.from_estimator(of_images, X, n_rows=2, image_shape=SHAPE)
        errors = display.errors_["reconstruction"]
        expected = [f"{name}\n{error:.2g}" for name, error in zip(towns, errors, strict=False)]
        assert labels(display.ax_.xaxis) == expected
        two = {"one": of_images, "two": of_images}
        display = ReconstructionDisplay.from_estimator(two, X, n_rows=2, image_shape=SHAPE)
        assert labels(display.ax_.xaxis) == towns[:2]

    def test_image_shape_of_the_network_is_used_in_a_pipeline_too(self, digits, models):
        X, _ = digits
        model = models["convolutional"]
        assert ReconstructionDisplay.from_estimator(model, X[:2]).image_shape == (8, 8, 1)
        pipe = make_pipeline(MinMaxScaler(), model).fit(X)
        assert ReconstructionDisplay.from_estimator(pipe, X[:2]).image_shape == (8, 8, 1)

    def test_errors(self, digits, models):
        X, _ = digits
        with pytest.raises(ValueError, match="image_shape"):
            ReconstructionDisplay.from_estimator(models["plain"], X, image_shape=(7, 8))
        with pytest.raises(
            ValueError, match=r"X has shape \(3, 64\), but 'reconstruction' has shape \(2, 64\)"
        ):
            ReconstructionDisplay.from_predictions(X[:3], X[:2])
        with pytest.raises(ValueError, match="3 are needed"):
            axes = plt.subplots(2)[1]
            ReconstructionDisplay.from_estimator(models["plain"], X, n_rows=3, ax=axes)


class TestLearningCurve:
    def test_losses_terms_and_the_best_epoch(self, models):
        vae = models["vae"]
        display = LearningCurveDisplay.from_estimator(vae)
        assert set(display.lines_) == set(vae.history_) - {"learning_rate"}
        np.testing.assert_array_equal(display.lines_["kl"].get_ydata(), vae.history_["kl"])
        assert display.lines_["loss"].axes is display.ax_ is display.axes_[0]
        assert display.lines_["kl"].axes is display.axes_[1]
        _, texts = display.ax_.get_legend_handles_labels()
        assert f"best epoch: {vae.best_iter_}" in texts

    def test_pretraining_phases(self):
        history = {
            "loss": [3.0, 2.0],
            "validation_loss": [3.0, 2.5],
            "pretraining_loss": [[9.0, 8.0, 7.0], [5.0, 4.0, np.nan]],
        }
        display = LearningCurveDisplay.from_history(history, best_iter=0)
        assert display.axes_.size == 2 and display.ax_ is display.axes_[1]
        assert display.lines_["pretraining_loss 2"].get_ydata().tolist() == [5.0, 4.0]
        assert "best epoch: 0 (initialization)" in display.ax_.get_legend_handles_labels()[1]

    def test_one_axes_is_divided(self, models):
        figure, axes = plt.subplots(1, 2)
        display = LearningCurveDisplay.from_estimator(models["vae"], ax=axes[0])
        assert display.figure_ is figure and len(figure.axes) == 4
        not_in_grid = plt.figure().add_axes((0, 0, 1, 1))
        with pytest.raises(ValueError, match="not part of a grid"):
            LearningCurveDisplay.from_estimator(models["vae"], ax=not_in_grid)

    def test_a_search(self, digits):
        X, _ = digits
        search = GridSearchCV(
            skae.AutoencoderTransformer(2, **QUICK), {"learning_rate": [1e-3]}, cv=2
        ).fit(X)
        display = LearningCurveDisplay.from_estimator(search)
        assert display.best_iter == 0 and not len(display.lines_["loss"].get_ydata())

    def test_other_estimators_are_rejected(self, digits):
        with pytest.raises(TypeError, match="PCA is not an autoencoder"):
            LearningCurveDisplay.from_estimator(PCA(2).fit(digits[0]))


class TestFeatures:
    def test_weights(self, models):
        sparse = models["sparse"]
        display = FeatureDisplay.from_estimator(sparse, units=[5, 1], image_shape=SHAPE)
        kernel = sparse.params_["encoder"]["layer_0"]["kernel"]
        np.testing.assert_array_equal(display.features[:, 0], kernel.T[[5, 1]])
        reach = np.abs(kernel[:, 5]).max()
        expected = to_rgba(kernel[:, 5], (8, 8, 1), limits=(-reach, reach), cmap="RdBu_r")
        np.testing.assert_allclose(tile(display, 0, 0, 1, 2), expected)

    def test_weights_of_a_single_layer_include_the_linear_skip_connection(self, digits):
        X, _ = digits
        model = skae.AutoencoderTransformer(3, hidden_layer_sizes=(), max_iter=0).fit(X)
        weights = first_layer_weights(model)
        z = (X - model.mean_) @ weights.T
        np.testing.assert_allclose(z - z[0], (c := model.transform(X)) - c[0], atol=1e-4)

    def test_kernels_of_convolutions(self, models):
        display = FeatureDisplay.from_estimator(models["convolutional"])
        assert display.features.shape == (3, 1, 9) and display.image_shape == (3, 3, 1)

    def test_top_samples(self, digits, models):
        X, _ = digits
        display = FeatureDisplay.from_estimator(
            models["sparse"], csr_array(X), kind="top_rows", units=[4], n_rows=3, image_shape=SHAPE
        )
        best = np.argsort(-models["sparse"].transform(X)[:, 4], kind="stable")[:3]
        assert display.indices.tolist() == [best.tolist()]
        np.testing.assert_array_equal(tile(display, 0, 2, 1, 3), gray(X[best[2]]))
        assert labels(display.ax_.yaxis) == ["unit 4"]

    def test_maximize_and_bars(self, models):
        display = FeatureDisplay.from_estimator(
            models["sparse"], kind="maximize", units=[0, 2], max_iter=3, random_state=0
        )
        assert display.axes_.shape == (2,) and display.image_shape is None
        bars = [bar.get_height() for bar in display.axes_[1].patches]
        np.testing.assert_allclose(bars, display.features[1, 0])

    def test_errors(self, models, digits):
        sparse = models["sparse"]
        with pytest.raises(ValueError, match="must be one of"):
            FeatureDisplay.from_estimator(sparse, kind="weight")
        with pytest.raises(ValueError, match="needs X"):
            FeatureDisplay.from_estimator(sparse, kind="top_rows")
        with pytest.raises(ValueError, match="first layer"):
            FeatureDisplay.from_estimator(sparse, layer="code")
        with pytest.raises(TypeError, match="norm"):
            FeatureDisplay.from_estimator(sparse, norm=2.0)


class TestLatent:
    def test_points_and_labels(self, digits, models):
        X, y = digits
        display = LatentDisplay.from_estimator(models["plain"], X, y)
        np.testing.assert_allclose(display.points, models["plain"].transform(X))
        assert list(display.scatters_) == list(range(10))
        np.testing.assert_allclose(display.scatters_[3].get_offsets(), display.points[y == 3])
        assert display.reduction is None and display.ax_.get_xlabel() == "latent dimension 1"

    def test_numbers_have_a_continuous_color_scale(self, digits, models):
        X, _ = digits
        display = LatentDisplay.from_estimator(models["plain"], X, X.mean(axis=1))
        assert list(display.scatters_) == [None] and len(display.figure_.axes) == 2

    def test_subset_with_images(self, digits, models):
        X, y = digits
        display = LatentDisplay.from_estimator(
            models["plain"], X, y, images=True, image_shape=SHAPE, max_points=50, random_state=0
        )
        assert len(display.points) == len(display.X) == 50 == len(display.indices_)
        np.testing.assert_array_equal(display.X, X[display.indices_])
        scaled = display.points[display.with_image_] / np.ptp(display.points, axis=0)
        distances = np.sqrt(np.square(scaled[:, None] - scaled).sum(axis=2))
        assert len(scaled) > 5 and distances[~np.eye(len(scaled), dtype=bool)].min() >= 0.065
        with pytest.raises(ValueError, match="needs image_shape"):
            LatentDisplay.from_estimator(models["plain"], X, images=True)

    @pytest.mark.parametrize("reduction", ["auto", "pca", None])
    def test_dimensionality_reduction(self, digits, models, reduction):
        X, _ = digits
        with threadpool_limits(1):  # t-SNE's threads slow each other down on busy machines
            display = LatentDisplay.from_estimator(
                models["long"], X[:12], reduction=reduction, random_state=0
            )
        assert display.points.shape == (12, 2)
        assert display.reduction == {"auto": "tsne"}.get(reduction, reduction)

    @pytest.mark.parametrize("kind", ["Series", "Categorical", "polars"])
    def test_categories_keep_their_order(self, kind):
        order, codes = ["small", "medium", "never", "large"], np.eye(4)[:, :2]
        labels = ["large", "small", "medium", "small"]
        if kind == "polars":
            polars = pytest.importorskip("polars", reason="polars is not installed")
            y = polars.Series(labels, dtype=polars.Enum(order))
        else:
            import pandas as pd

            y = pd.Categorical(labels, order, ordered=True)
            y = pd.Series(y, index=[7, 3, 5, 9]) if kind == "Series" else y
        display = LatentDisplay.from_codes(codes, y)
        names = [text.get_text() for text in display.ax_.get_legend().get_texts()]
        assert names == list(display.scatters_) == ["small", "medium", "large"]
        np.testing.assert_array_equal(display.scatters_["medium"].get_offsets(), codes[[2]])
        assert list(display.plot().scatters_) == names

    def test_intervals_are_ordered_classes(self):
        import pandas as pd

        y = pd.cut(np.arange(12.0), 12)
        display = LatentDisplay.from_codes(np.random.default_rng(0).random((12, 2)), y)
        assert list(display.scatters_) == list(y.categories)

    def test_missing_labels_are_gray(self):
        y = np.array(["a", None, "b", np.nan], dtype=object)
        display = LatentDisplay.from_codes(np.eye(4)[:, :2], y)
        assert list(display.scatters_) == ["a", "b", "missing"]
        assert len(display.scatters_["missing"].get_offsets()) == 2
        numbers = LatentDisplay.from_codes(np.eye(3)[:, :2], [1.0, np.nan, 2.0])
        assert list(numbers.scatters_) == [1.0, 2.0, "missing"]
        with pytest.raises(ValueError, match="labels that are not in classes, such as 'b'"):
            LatentDisplay(np.eye(2), y=np.array(["a", "b"]), classes=["a"]).plot()

    @pytest.mark.parametrize("own_axes", short(["none", "constrained", "no layout", "small"]))
    @pytest.mark.parametrize("n_labels, length", [(10, 1), (30, 12), (60, 60), (500, 8)])
    def test_many_labels_stay_in_the_figure(self, n_labels, length, own_axes):
        y = np.repeat([f"{i:03}".ljust(length, "x") for i in range(n_labels)], 2)
        ax = None
        if own_axes == "small":
            ax = plt.subplots(2, 2, figsize=(8, 6), layout="constrained")[1][0, 1]
        elif own_axes != "none":
            layout = "constrained" if own_axes == "constrained" else None
            ax = plt.subplots(layout=layout)[1]
        codes = np.random.default_rng(0).random((len(y), 2))
        display = LatentDisplay.from_codes(codes, y, ax=ax)
        display.figure_.canvas.draw()
        legend, figure = display.ax_.get_legend().get_window_extent(), display.figure_.bbox
        assert legend.x1 <= figure.x1 + 1 and legend.y0 >= -1 and legend.y1 <= figure.y1 + 1
        assert legend.x0 >= display.ax_.get_window_extent().x1 - 1
        assert display.ax_.get_window_extent().width > 0.2 * figure.width / (
            1 + (own_axes == "small")
        )
        assert len(display.scatters_) == n_labels
        colors = {tuple(scatter.get_facecolor()[0]) for scatter in display.scatters_.values()}
        assert len(colors) > min(n_labels, 100) - 1
        if n_labels == 10:
            assert len(display.ax_.get_legend().get_texts()) == 10
        if n_labels == 500:
            assert "of 500 labels" in display.ax_.get_legend().get_title().get_text()

    def test_one_dimensional_codes(self):
        display = LatentDisplay.from_codes(np.arange(5.0)[:, None], random_state=0)
        assert display.points[:, 0].tolist() == [0, 1, 2, 3, 4]


def test_code_histograms(digits, models):
    X, _ = digits
    both = {"plain": models["long"], "sparse": models["sparse"]}
    display = CodeHistogramDisplay.from_estimator(both, X, bins=10)
    assert display.axes_.shape == (2, 2)
    codes = models["sparse"].transform(X)
    np.testing.assert_allclose(display.mean_activation_["sparse"], codes.mean(axis=0))
    shares = [bar.get_height() for bar in display.axes_[0, 1].patches]
    assert len(shares) == 10 and sum(shares) == pytest.approx(1)
    zero = CodeHistogramDisplay.from_codes(np.array([[0.0, 1.0], [2.0, 0.001]]))
    assert zero.near_zero_fraction_["codes"] == 0.5
    assert display.axes_[0, 0].get_ylim() == display.axes_[0, 1].get_ylim()


class TestSamples:
    def test_samples(self, models):
        display = SampleDisplay.from_estimator(
            models["vae"], n_samples=12, image_shape=SHAPE, random_state=0
        )
        assert display.X.shape == (3, 4, 64)
        expected = models["vae"].sample(12, random_state=0)
        np.testing.assert_array_equal(display.X.reshape(12, 64), expected)

    def test_plane(self, digits, models):
        vae = models["vae"]
        display = SampleDisplay.from_estimator(vae, kind="plane", n_steps=3, image_shape=SHAPE)
        assert labels(display.ax_.xaxis) == ["-2", "0", "2"]
        assert labels(display.ax_.yaxis) == ["2", "0", "-2"]
        np.testing.assert_allclose(
            display.X[0, 2], vae.inverse_transform([[2.0, 2.0]])[0], atol=1e-5
        )
        X, _ = digits
        display = SampleDisplay.from_estimator(
            models["plain"], X, kind="plane", n_steps=3, image_shape=SHAPE
        )
        codes = models["plain"].transform(X)
        np.testing.assert_allclose(display.codes[0][0], np.quantile(codes[:, 0], 0.02), rtol=1e-5)

    def test_path(self, digits, models):
        X, _ = digits
        display = SampleDisplay.from_estimator(models["vae"], X[:3], kind="path", n_steps=5)
        assert display.X.shape == (2, 5, 64)
        expected = models["vae"].interpolate(X[1], X[2], n_steps=5)
        np.testing.assert_allclose(display.X[1], expected, atol=1e-5)
        assert len(display.ax_.lines) == 10

    def test_errors(self, digits, models):
        with pytest.raises(ValueError, match="no prior"):
            SampleDisplay.from_estimator(models["plain"])
        with pytest.raises(ValueError, match="two-dimensional codes"):
            SampleDisplay.from_estimator(models["long"], kind="plane", image_shape=SHAPE)
        with pytest.raises(ValueError, match="at least two"):
            SampleDisplay.from_estimator(models["vae"], kind="path")


def test_hash_buckets(digits, models):
    X, y = digits
    display = HashBucketDisplay.from_estimator(
        models["hasher"], X, y, n_buckets=3, n_rows=4, image_shape=SHAPE
    )
    codes = models["hasher"].transform(X)
    sizes = [len(members) for members in display.buckets]
    assert sizes == sorted(sizes, reverse=True)
    for members, code in zip(display.buckets, display.codes, strict=True):
        assert members.tolist() == np.flatnonzero((codes == code).all(axis=1)).tolist()
    np.testing.assert_array_equal(tile(display, 0, 1, 3, 5), gray(X[display.buckets[0][0]]))
    first = display.codes[0]
    code, label = labels(display.ax_.yaxis)[0].split("\n")
    assert code == f"{''.join(map(str, first))}: {sizes[0]} samples"
    assert label.endswith(f"% {np.bincount(y[display.buckets[0]]).argmax()}")
    with pytest.raises(ValueError, match="are not binary"):
        HashBucketDisplay.from_estimator(models["plain"], X, image_shape=SHAPE)


def test_plot_draws_again_in_given_axes(digits, models):
    X, y = digits
    displays = [
        ReconstructionDisplay.from_estimator(models["plain"], X[:2], image_shape=SHAPE),
        FeatureDisplay.from_estimator(models["sparse"], image_shape=SHAPE),
        LatentDisplay.from_estimator(models["plain"], X, y),
        SampleDisplay.from_estimator(models["vae"], image_shape=SHAPE, random_state=0),
        HashBucketDisplay.from_estimator(models["hasher"], X, image_shape=SHAPE),
    ]
    for display in displays:
        figure, ax = plt.subplots()
        assert display.plot(ax=ax) is display
        assert display.ax_ is ax and display.figure_ is figure
    for display in (
        LearningCurveDisplay.from_estimator(models["vae"]),
        CodeHistogramDisplay.from_estimator(models["sparse"], X),
    ):
        figure, axes = plt.subplots(len(display.axes_), squeeze=False)
        assert display.plot(ax=axes) is display
        assert display.ax_ is axes[0, 0] and display.figure_ is figure


def test_every_display_uses_the_image_shape_of_the_network(digits, models):
    X, y = digits
    model = models["convolutional"]
    displays = [
        ReconstructionDisplay.from_estimator(model, X[:2]),
        FeatureDisplay.from_estimator(model, X, kind="top_rows", n_rows=2),
        LatentDisplay.from_estimator(model, X, y, images=True),
        SampleDisplay.from_estimator(model, X[:2], kind="path", n_steps=3),
    ]
    assert [display.image_shape for display in displays] == 4 * [(8, 8, 1)]


@pytest.mark.thorough
def test_matplotlib_is_imported_when_a_display_is_drawn(run_python):
    run_python(
        """
        import sys
        import skae
        skae.display.LatentDisplay, skae.display.maximize_activation
        assert "matplotlib" not in sys.modules
        sys.modules["matplotlib.pyplot"] = None
        displays = [
            lambda: skae.display.LatentDisplay.from_codes([[1.0, 2.0], [2.0, 3.0]]),
            lambda: skae.display.HashBucketDisplay.from_codes(
                [[0, 1], [0, 1]], [[0.0, 1.0]] * 2, image_shape=(1, 2)
            ),
        ]
        for draw in displays:
            try:
                draw()
            except ImportError as error:
                assert "skae[plot]" in str(error)
            else:
                raise AssertionError("no error")
        """
    )


@pytest.mark.parametrize("y", [[0], [0, 1, 0]])
def test_labels_of_another_length_are_rejected(y):
    codes, X = [[0, 1], [1, 0]], np.eye(2)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        LatentDisplay.from_codes(codes, y=y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        HashBucketDisplay.from_codes(codes, X, y=y, image_shape=(1, 2))


def test_displays_with_one_axes_reject_several():
    _, axes = plt.subplots(1, 2)
    with pytest.raises(ValueError, match="one matplotlib Axes"):
        LatentDisplay.from_codes(np.eye(2), ax=axes)
    with pytest.raises(ValueError, match="one matplotlib Axes"):
        HashBucketDisplay.from_codes([[0, 1]] * 2, np.eye(2), image_shape=(1, 2), ax=axes)


def test_an_unknown_color_map_is_a_value_error():
    with pytest.raises(ValueError, match="nocolor"):
        HashBucketDisplay.from_codes([[0, 1]] * 2, np.eye(2), image_shape=(1, 2), cmap="nocolor")


@pytest.mark.parametrize("name", skae.display.__all__)
def test_docstrings_have_all_parameters_and_an_example(name):
    thing = getattr(skae.display, name)
    methods = [thing, *(getattr(thing, m, None) for m in ("from_estimator", "from_codes", "plot"))]
    for method in filter(None, methods):
        documented = set(entries(method.__doc__, "Parameters"))
        assert documented == set(parameters_of(method)), method
    assert ">>> " in section(thing.__doc__, "Examples")  # `make doctest` runs them
