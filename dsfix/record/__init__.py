"""The redacted account of every exchange: written as it happens, readable after `kill -9`."""
