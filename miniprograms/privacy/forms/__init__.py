"""What people type about a privacy agreement."""
