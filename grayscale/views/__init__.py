"""The pages of grayscale releases."""
