"""Train one sparse autoencoder or a grid of them, on arrays, mapped files, streams or generators."""
