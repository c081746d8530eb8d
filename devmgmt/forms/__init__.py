"""The forms of development management."""
