"""The pages of development management."""
