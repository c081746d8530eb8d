"""The pages of the privacy agreement."""
