"""Reports: pages that agents write, kept by a small server and read on any device."""
