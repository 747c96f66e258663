"""The adversarial autoencoder: a discriminator matches the distribution of codes to a prior."""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

import numpy as np

from skae.core.objective import Objective
from skae.estimators.base.architecture import widths
from skae.estimators.base.autoencoder import BaseAutoencoder
from skae.estimators.base.decorator import autoencoder
from skae.estimators.base.generative import GenerativeMixin
from skae.estimators.base.parameters import DenseParameters
from skae.estimators.base.sklearn_compat import StrOptions, integers_from, reals_from
from skae.objectives.adversarial.discriminator import hidden_sizes
from skae.objectives.adversarial.objective import adversarial_initialization, adversarial_loss
from skae.objectives.adversarial.priors import PRIORS

__all__ = ["AdversarialAutoencoder"]


@autoencoder(
    notes={
        "code_activation": 'This autoencoder accepts only "identity": the prior '
        "determines the range of the codes.",
        "early_stopping": "The validation loss is the reconstruction loss plus 200 "
        "`adversarial_weight` times the squared maximum mean discrepancy [2]_ between codes and "
        "draws of the prior, since adversarial losses do not measure the quality of the codes.",
    }
)
class AdversarialAutoencoder(GenerativeMixin, BaseAutoencoder, DenseParameters):
    """Adversarial autoencoder: a generative model whose codes follow a prior distribution.

    An autoencoder is trained together with a discriminator D, which classifies codes against
    draws of a prior. The encoder is the generator: it learns codes that the discriminator cannot
    distinguish from the prior. Decoding draws of the prior then generates new samples. With
    p(z) = logistic(D(z))::

        autoencoder    minimizes  mean_i loss(decode(z_i), x_i) - w mean_i log p(z_i)
        discriminator  minimizes  -(mean_j log p(draw_j) + mean_i log(1 - p(z_i))) / 2

    with z_i = encode(x_i) and w = `adversarial_weight`. Each optimizer step updates both, each by
    the gradient of its own loss.

    The name is that of [1]_. Some textbooks use it for another method, in which a discriminator
    classifies samples against their reconstructions and the decoder is the generator.

    Parameters
    ----------
    {parameters}

    prior : {"gaussian", "uniform", "gaussian_mixture"}, default="gaussian"
        Prior distribution of the codes: N(0, I); uniform in the cube from -1 to 1; or a mixture
        of `n_prior_components` equally likely Gaussians with standard deviation 0.3. The
        mixture's centers are deterministic (on a line or a circle for up to 2 dimensions, else
        scattered), and the mixture has mean 0 and variance 1 in each dimension.

    n_prior_components : int, default=10
        Number of Gaussians of the mixture, at least 2.

    adversarial_weight : float, default=0.05
        Weight of the generator's loss relative to the reconstruction loss, at least 0.

    discriminator_hidden_layer_sizes : int or tuple of int, default=(64, 64)
        Widths of the discriminator's hidden layers.

    Attributes
    ----------
    prior_ : str
        The prior of the fit, from which `sample` draws.

    {attributes}

    See Also
    --------
    VAE : A generative model with a likelihood of samples and a posterior of codes.

    Notes
    -----
    Codes are in the units of the prior, whatever the units of X. Under ``init="pca"`` they are
    initialized to principal components, scaled to the variance of the prior.

    `history_` also contains "reconstruction", "generator" and "discriminator". A discriminator
    loss near log 2 = 0.69 means that codes cannot be distinguished from draws of the prior.

    Do not use it if you need the likelihood of samples (see `VAE`), if only the reconstruction
    error matters, or for fewer than some hundred samples, which the discriminator would overfit.

    References
    ----------
    .. [1] Makhzani, Shlens, Jaitly, Goodfellow and Frey (2016). Adversarial autoencoders. ICLR
       workshop. arXiv:1511.05644.
    .. [2] Gretton et al. (2012). A kernel two-sample test. Journal of Machine Learning Research
       13, 723-773.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import AdversarialAutoencoder
    >>> X, _ = load_digits(return_X_y=True)
    >>> model = AdversarialAutoencoder(8, max_iter=20, random_state=0).fit(X[:1500])
    >>> model.sample(3, random_state=0).shape
    (3, 64)
    >>> codes = model.transform(X[1500:])
    >>> bool(abs(codes.std() - 1) < 0.2)
    True
    """

    prior: str = "gaussian"
    n_prior_components: int = 10
    adversarial_weight: float = 0.05
    discriminator_hidden_layer_sizes: Any = (64, 64)

    _parameter_constraints: ClassVar[dict] = {
        "code_activation": [StrOptions({"identity"})],
        "prior": [StrOptions(set(PRIORS))],
        "n_prior_components": [integers_from(2)],
        "adversarial_weight": [reals_from(0)],
        "discriminator_hidden_layer_sizes": [
            tuple,
            list,
            integers_from(1),
        ],
    }

    def _objective(self) -> Objective:
        return Objective(adversarial_loss, self.loss, (("prior", self.prior),))

    def _hyperparameters(self) -> dict[str, float]:
        return {"adversarial_weight": self.adversarial_weight}

    def _resolved(self) -> dict[str, Any]:
        sizes = widths("discriminator_hidden_layer_sizes", self.discriminator_hidden_layer_sizes)
        return {**super()._resolved(), "discriminator_hidden_layer_sizes": sizes}

    def _initialization(self) -> Callable:
        return partial(
            adversarial_initialization,
            prior=self.prior,
            n_prior_components=self.n_prior_components,
            discriminator_sizes=self._resolved()["discriminator_hidden_layer_sizes"],
        )

    def _draw_codes(self, rng: np.random.Generator, n_samples: int) -> np.ndarray:
        centers = self.params_["fixed"].get("centers")
        return PRIORS[self.prior_].draw_on_host(rng, (n_samples, self.n_components_), centers)

    def _known_attributes(self) -> dict[str, Any]:
        # `sample` draws from the prior of the fit, even if the parameter is changed afterwards.
        return {"prior_": self.prior}

    def _fitted_parameters(self, fitted: dict[str, Any]) -> dict[str, Any]:
        params = fitted["params_"]
        determined = {
            "prior": fitted["prior_"],
            "discriminator_hidden_layer_sizes": hidden_sizes(params["extra"]["discriminator"]),
        }
        if "centers" in params["fixed"]:
            determined["n_prior_components"] = len(params["fixed"]["centers"])
        return determined
