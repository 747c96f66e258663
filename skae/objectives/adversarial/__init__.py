"""Adversarial regularization of codes: priors and the discriminator."""
