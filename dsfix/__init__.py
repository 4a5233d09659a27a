"""Launch a coding agent on DeepSeek's endpoints, with what breaks on the way repaired."""

__version__ = "0.1.0"
