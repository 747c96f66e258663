"""The adversarial autoencoder: a discriminator makes the codes look like draws of a prior."""

from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar

from skae.core.objective import Objective
from skae.estimators.base.architecture import widths
from skae.estimators.base.autoencoder import BaseAutoencoder
from skae.estimators.base.decorator import autoencoder
from skae.estimators.base.generative import GenerativeMixin
from skae.estimators.base.parameters import DenseParameters
from skae.estimators.base.sklearn_compat import Interval, StrOptions
from skae.objectives.adversarial.objective import adversarial_initialization, adversarial_loss
from skae.objectives.adversarial.priors import PRIORS

__all__ = ["AdversarialAutoencoder"]


@autoencoder(
    notes={
        "code_activation": 'Only "identity" here: the prior gives the codes their range.',
        "early_stopping": "Samples held out are judged by their reconstruction plus 200 "
        "`adversarial_weight` times the squared maximum mean discrepancy between their codes and "
        "draws of the prior, since the players' own losses say nothing of how well they play.",
    }
)
class AdversarialAutoencoder(GenerativeMixin, BaseAutoencoder, DenseParameters):
    """Adversarial autoencoder: codes with the distribution that you choose, to draw new samples from.

    Beside the autoencoder a discriminator D learns to tell codes from draws of a prior, and the
    encoder learns to fool it. With p(z) = logistic(D(z))::

        autoencoder    minimizes  mean_i loss(decode(z_i), x_i) - w mean_i log p(z_i)
        discriminator  minimizes  -(mean_j log p(draw_j) + mean_i log(1 - p(z_i))) / 2

    with z_i = encode(x_i) and w = `adversarial_weight`. Both move in every step, each with the
    other held.

    The name is that of [1]_. Some textbooks use it for another idea: a discriminator that tells
    samples from their reconstructions, so that the decoder is trained as a generator of samples.

    Parameters
    ----------
    {parameters}

    prior : {"gaussian", "uniform", "gaussian_mixture"}, default="gaussian"
        What codes are to look like: N(0, I); uniform in the cube from -1 to 1; or
        `n_prior_components` equally likely Gaussians of standard deviation 0.3, at centers that
        are always the same (up to 2 dimensions on a line or a circle, else scattered), together
        with mean 0 and variance 1 in each dimension.

    n_prior_components : int, default=10
        Gaussians of the mixture, at least 2.

    adversarial_weight : float, default=0.05
        Of the generator's loss against the reconstruction, at least 0.

    discriminator_hidden_layer_sizes : tuple of int, default=(64, 64)
        Widths of the discriminator's hidden layers.

    Attributes
    ----------
    prior_ : str
        The prior that codes were trained towards: what `sample` draws from.

    {attributes}

    See Also
    --------
    VAE : A likelihood for each sample, and an uncertainty for each code.

    Notes
    -----
    Codes are in the prior's units, whatever those of X. Under ``init="pca"`` training starts at
    the principal components, scaled to the prior's variance. `history_` holds "reconstruction",
    "generator" and "discriminator" too: where the discriminator's loss is near log 2 = 0.69, it
    cannot tell codes from draws.

    Not the tool where a sample's likelihood is asked for (see `VAE`), where only the reconstruction
    counts, or for fewer than some hundred samples: a discriminator then learns samples by heart.

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
        "n_prior_components": [Interval(Integral, 2, None, closed="left")],
        "adversarial_weight": [Interval(Real, 0, None, closed="left")],
        "discriminator_hidden_layer_sizes": [tuple, list],
    }

    def _objective(self) -> Objective:
        return Objective(adversarial_loss, self.loss, (("prior", self.prior),))

    def _hyperparameters(self):
        return {"adversarial_weight": self.adversarial_weight}

    def _resolved(self):
        sizes = widths("discriminator_hidden_layer_sizes", self.discriminator_hidden_layer_sizes)
        return {**super()._resolved(), "discriminator_hidden_layer_sizes": sizes}

    def _initialization(self):
        return partial(
            adversarial_initialization,
            prior=self.prior,
            n_prior_components=self.n_prior_components,
            discriminator_sizes=self._resolved()["discriminator_hidden_layer_sizes"],
        )

    def _draw_codes(self, rng, n_samples):
        centers = self.params_["fixed"].get("centers")
        return PRIORS[self.prior_].draw_on_host(rng, (n_samples, self.n_components_), centers)

    def _further_attributes(self, X, weight):
        return {"prior_": self.prior}

    def _check_continuation(self, earlier):
        if earlier["prior_"] != self.prior:
            raise ValueError(
                f"prior={self.prior!r}, and codes were trained towards {earlier['prior_']!r}: "
                "training can only go on with the same; fit with warm_start=False"
            )
