"""A recorded session as a page on a loopback port, for one browser and as long as it is wanted."""
