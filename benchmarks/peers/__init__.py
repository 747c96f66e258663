"""One peer a file: the same autoencoder, fitted as that library's users fit it."""
