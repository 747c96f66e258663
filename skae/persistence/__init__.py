"""Models and checkpoints as files: plain arrays under a header in JSON, nothing that runs."""
