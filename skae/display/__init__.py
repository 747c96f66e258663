"""Visualizations of fitted autoencoders in the style of scikit-learn's displays.

All displays accept any autoencoder of skae. Those that need only codes and reconstructions accept
other fitted transformers too, such as PCA and pipelines. matplotlib is imported when a display is
drawn.
"""

from skae.display._weights import first_layer_weights
from skae.display.code_histogram import CodeHistogramDisplay
from skae.display.excitation import maximize_activation, top_activating_rows
from skae.display.features import FeatureDisplay
from skae.display.hash_buckets import HashBucketDisplay
from skae.display.latent import LatentDisplay
from skae.display.learning_curve import LearningCurveDisplay
from skae.display.reconstruction import ReconstructionDisplay
from skae.display.samples import SampleDisplay

__all__ = [
    "CodeHistogramDisplay",
    "FeatureDisplay",
    "HashBucketDisplay",
    "LatentDisplay",
    "LearningCurveDisplay",
    "ReconstructionDisplay",
    "SampleDisplay",
    "first_layer_weights",
    "maximize_activation",
    "top_activating_rows",
]
