"""Installations from an empty Debian: `make test-install`. Needs root, namespaces and mmdebstrap."""
