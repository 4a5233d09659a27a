"""Tool calls that stand in an answer's text, in each dialect."""
