"""Pictures of fitted autoencoders in scikit-learn's Display style, and what they are computed from.

Displays work with every autoencoder of skae; those that need no more than codes and
reconstructions work with PCA too, and with pipelines. matplotlib is imported when something is
drawn.
"""

from skae.display.code_histogram import CodeHistogramDisplay
from skae.display.excitation import maximize_activation, top_activating_rows
from skae.display.features import FeatureDisplay, first_layer_weights
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
