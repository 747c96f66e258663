"""Makes the files of a release that later versions must load: ``python -m tests.data.make``.

Run once for each release, never again for an old one.
"""

from pathlib import Path

import numpy as np

import skae
from tests.datasets import curved
from tests.discovery import fast
from tests.test_saving import own_noise

MODELS = [
    fast(skae.AutoencoderTransformer),
    fast(skae.ConvolutionalAutoencoder),
    fast(skae.DenoisingAutoencoder, noise=own_noise),
    fast(skae.VAE, network=skae.networks.Recurrent(hidden_sizes=(4,)), hidden_layer_sizes="auto"),
]


def main():
    for model in MODELS:
        path = Path(__file__).parent / f"{type(model).__name__}_{skae.__version__}.skae"
        assert not path.exists(), f"{path} is there: files of a release are never made again"
        model.fit(curved()).save(path)
        np.save(path.with_suffix(".npy"), model.transform(curved(20, seed=1)))


if __name__ == "__main__":
    main()
