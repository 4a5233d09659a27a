"""What the wire means: spans, events, dialects. Pure: no clock, no socket, no environment."""
