"""What a session comes to: exchanges counted, and said as a value that others show."""
