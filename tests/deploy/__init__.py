"""What is shipped for installations, as far as it can be looked at without installing."""
