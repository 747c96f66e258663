"""All of scikit-learn's estimator checks on every public estimator, none expected to fail.

`make test` runs all of them for AutoencoderTransformer and the detector of outliers, and `IN_SHORT`
for the others, for which test_contract.py, test_sample_weight.py,
test_containers.py and test_saving.py test clones, copies, weights, the output of data frames and
invariance of subsets. `make test-all` runs all checks for all estimators.
"""

import os

import pytest
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks

from skae import AutoencoderOutlierDetector, AutoencoderTransformer, DenoisingAutoencoder
from tests.discovery import (
    ESTIMATORS,
    META_ESTIMATORS,
    TRANSFORMERS,
    accepts,
    few_of,
)

# what scikit-learn runs on its own estimators beside `parametrize_with_checks`
OWN_CHECKS = [
    "check_param_validation",
    "check_n_features_in_after_fitting",
    "check_dataframe_column_names_consistency",
    "check_readonly_memmap_input",
]
if hasattr(estimator_checks, "check_all_zero_sample_weights_error"):  # not in scikit-learn 1.6
    OWN_CHECKS.append("check_all_zero_sample_weights_error")
OWN_TRANSFORMER_CHECKS = [
    "check_set_output_transform",
    "check_set_output_transform_pandas",
    "check_set_output_transform_polars",
    "check_global_output_transform_pandas",
    "check_global_set_output_transform_polars",
    "check_get_feature_names_out_error",
    "check_transformer_get_feature_names_out",
    "check_transformer_get_feature_names_out_pandas",
]
# checks that `make test` runs for every estimator: they fit nothing, and so compile nothing
IN_SHORT = {
    "check_complex_data",
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_tags_renamed",
    "check_estimators_unfitted",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_no_attributes_set_in_init",
    "check_param_validation",
    "check_parameters_default_constructible",
    "check_set_params",
    "check_transformers_unfitted",
    "check_valid_tag_types",
}


def in_short(cls, name):
    return cls in (AutoencoderTransformer, AutoencoderOutlierDetector) or name in IN_SHORT


def run(check, *args):
    """Run a check; one that skips itself has not been passed."""
    try:
        check(*args)
    except estimator_checks.SkipTest as skipped:
        raise AssertionError(f"the check was skipped: {skipped}") from skipped


def small(cls):
    """A narrow network and few epochs: the checks ask for dozens of shapes, each compiled anew."""
    values = {"hidden_layer_sizes": (8,), "channels": (2,), "hidden_sizes": (4,), "max_iter": 2}
    # how epochs and batches are chosen on small data is the base's alone
    chosen = {"early_stopping": False, "batch_size": 16}
    if accepts(cls, "autoencoder"):  # one that must predict well, from an autoencoder that need not
        inner = DenoisingAutoencoder(10, hidden_layer_sizes=(8,), max_iter=2, **chosen)
        # test_outlier_calibration.py tests cross-fitting, which fits every member six times
        return cls(inner, cv=None) if accepts(cls, "cv") else cls(inner)
    if cls is not AutoencoderTransformer:
        values.update(chosen)
    return cls(**{name: value for name, value in values.items() if accepts(cls, name)})


def test_estimators_are_found():
    assert "AutoencoderTransformer" in {cls.__name__ for cls in ESTIMATORS}
    assert os.environ["SCIPY_ARRAY_API"] == "1"


def name_of(check):
    """Of a function or of its partial."""
    return getattr(check, "func", check).__name__


def every_check():
    """Pairs of an estimator and a check; the meta-estimators check by check.

    What the meta-estimators fit to the data of a check is the same autoencoder, whose programs are
    compiled once if the fits follow one another.
    """
    single = [cls for cls in ESTIMATORS if cls not in META_ESTIMATORS]
    yield from parametrize_with_checks([small(cls) for cls in single]).args[1]
    yield from sorted(
        parametrize_with_checks([small(cls) for cls in META_ESTIMATORS]).args[1],
        key=lambda pair: name_of(pair[1]),
    )


# scikit-learn's checks fit a few samples, for a few epochs, and not all of them ignore warnings.
@pytest.mark.filterwarnings("ignore:Training increased the loss")
@pytest.mark.parametrize(
    "estimator, check",
    [
        (estimator, check)
        if in_short(type(estimator), name_of(check))
        else pytest.param(estimator, check, marks=pytest.mark.thorough)
        for estimator, check in every_check()
    ],
    ids=lambda value: name_of(value) if callable(value) else type(value).__name__,
)
def test_check(estimator, check):
    run(check, estimator)


@pytest.mark.filterwarnings("ignore:Training increased the loss")
@pytest.mark.parametrize(
    "cls, name",
    [
        (cls, name) if in_short(cls, name) else pytest.param(cls, name, marks=pytest.mark.thorough)
        for cls in ESTIMATORS
        for name in OWN_CHECKS
    ],
)
def test_own_check(cls, name):
    run(getattr(estimator_checks, name), cls.__name__, small(cls))


# these checks themselves fit a frame and transform an array, and the other way round
@pytest.mark.filterwarnings("ignore:X does not have valid feature names:UserWarning")
@pytest.mark.filterwarnings("ignore:X has feature names, but:UserWarning")
@pytest.mark.representatives
@pytest.mark.parametrize("name", OWN_TRANSFORMER_CHECKS)
@pytest.mark.parametrize("cls", TRANSFORMERS)
def test_own_transformer_check(cls, name):
    run(getattr(estimator_checks, name), cls.__name__, small(cls))


@pytest.mark.thorough
@pytest.mark.parametrize("cls", few_of(ESTIMATORS))
def test_column_names_with_early_stopping(cls):
    # predicting inside fit must not warn of missing feature names
    estimator = small(cls)
    known = estimator.get_params()
    for name, value in {"early_stopping": True, "n_iter_no_change": 1}.items():
        if name in known:
            estimator.set_params(**{name: value})
    run(estimator_checks.check_dataframe_column_names_consistency, cls.__name__, estimator)


# tied and random weights are the base class's, whatever the objective
@pytest.mark.thorough
@pytest.mark.parametrize("cls", [AutoencoderTransformer])
@pytest.mark.parametrize(
    "name",
    [
        "check_sample_weight_equivalence_on_dense_data",
        "check_sample_weight_equivalence_on_sparse_data",
        "check_methods_subset_invariance",
        "check_methods_sample_order_invariance",
        "check_fit2d_1sample",
        "check_fit2d_1feature",
        "check_fit_idempotent",
    ],
)
def test_hard_checks_on_tied_random_weights(cls, name):
    estimator = cls(tied_weights=True, init="random", early_stopping=False, max_iter=5)
    run(getattr(estimator_checks, name), cls.__name__, estimator)
