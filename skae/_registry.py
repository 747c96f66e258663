"""Public estimators and the modules that define them: the names of `skae` and of saved files."""

__all__ = ["CALLBACK_ATTRIBUTES", "ESTIMATORS"]

ESTIMATORS = {
    "AdversarialAutoencoder": "skae.estimators.adversarial",
    "AutoencoderOutlierDetector": "skae.meta.outliers",
    "AutoencoderTransformer": "skae.estimators.autoencoder",
    "ContractiveAutoencoder": "skae.estimators.contractive",
    "ConvolutionalAutoencoder": "skae.estimators.convolutional",
    "ConvolutionalWinnerTakeAllAutoencoder": "skae.estimators.convolutional_winner_take_all",
    "DenoisingAutoencoder": "skae.estimators.denoising",
    "GenerativeStochasticNetwork": "skae.estimators.generative_stochastic",
    "PretrainedClassifier": "skae.meta.classifier",
    "PretrainedRegressor": "skae.meta.regressor",
    "RecurrentAutoencoder": "skae.estimators.recurrent",
    "SemanticHasher": "skae.estimators.semantic_hashing",
    "SparseAutoencoder": "skae.estimators.sparse",
    "VAE": "skae.estimators.variational",
    "WinnerTakeAllAutoencoder": "skae.estimators.winner_take_all",
}

#: attributes of an estimator with callbacks; all but the first exist only while it is fitted
CALLBACK_ATTRIBUTES = (
    "_skl_callbacks",
    "_callback_fit_ctx",
    "_parent_callback_ctx",
    "_skl_callbacks_to_teardown",
)
