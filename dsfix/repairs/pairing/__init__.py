"""How tool calls and their results stand in each dialect, and which calls belong together."""
