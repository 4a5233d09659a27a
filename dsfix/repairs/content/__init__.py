"""What stands in a message: in each dialect the blocks that are read, and words for others."""
