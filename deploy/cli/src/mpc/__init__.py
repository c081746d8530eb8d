"""The Mini Program Console from a terminal or a pipeline."""

__version__ = "0.1.0"
