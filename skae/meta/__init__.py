"""Meta-estimators over an autoencoder: semi-supervised learning and outlier detection."""
