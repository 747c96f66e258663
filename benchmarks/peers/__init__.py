"""One module per peer: the same autoencoder, trained in the usual way of that library."""
