"""The loopback proxy: a guard at the door, and bytes passed on. The only aiohttp server."""
