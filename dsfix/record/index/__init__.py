"""What was recorded, made searchable: a SQLite file that says nothing the records do not say."""
