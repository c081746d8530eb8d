"""The review report of a version: what its package is and does, and what it changes (V-9)."""
