"""Order of the examples in the gallery, from basic to advanced.

An example that is missing here causes an error during the build.
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
    """Sort key for sphinx-gallery, which creates it per folder and calls it per file name."""

    def __init__(self, folder):
        del folder

    def __call__(self, filename):
        return ORDER.index(Path(filename).stem)
