"""What the scan finds in programs of which we know what they do.

`native/` holds small programs as developers write them, `frameworks/` the sources of one program for each framework,
which is built with the framework's own packages when the corpus is run. Each has its truth beside it, see `truth`.

`python -m tests.corpus` (`make test-frameworks`) builds, scans and compares, and prints recall and precision by form.
"""
