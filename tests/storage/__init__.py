"""Uploads in a bucket."""
