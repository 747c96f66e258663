"""Adversarial regularization: a discriminator, priors of the codes, the loss that joins them."""
