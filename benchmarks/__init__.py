"""Repeatable side-by-side measurements on loopback: `python -m benchmarks`, or `make bench`."""
