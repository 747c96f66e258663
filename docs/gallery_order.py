"""Where each script stands in the gallery: what a reader should meet first stands first.

A script that is not named here is an error of the build, so that none is forgotten.
"""

from pathlib import Path

ORDER = [
    "quickstart",
    "linear_is_pca",
    "iris_one_number",
    "fashion_mnist",
    "choosing_n_components",
    "search_over_a_pipeline",
    "validation_data_in_a_pipeline",
    "stacked",
    "tied_weights",
    "layer_by_layer",
    "features_of_layers",
    "plane",
    "before_tsne",
    "denoising",
    "sparse",
    "winner_take_all",
    "convolutional_winner_take_all",
    "contractive",
    "variational",
    "adversarial",
    "generative_stochastic",
    "convolutional_denoising",
    "cifar10",
    "recurrent_image_rows",
    "recurrent_signals",
    "few_labels",
    "few_numbers",
    "outliers",
    "semantic_hashing",
    "semantic_hashing_tuned",
    "retrieval",
    "texts",
]


class PlaceInGallery:
    """sphinx-gallery's key for sorting: made for a folder, called with a file's name."""

    def __init__(self, folder):
        del folder

    def __call__(self, filename):
        return ORDER.index(Path(filename).stem)
