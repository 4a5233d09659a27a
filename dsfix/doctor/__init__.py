"""Is everything as it must be? Checks of this machine, and probes of the endpoint.

A check looks at what a run would meet here and sends nothing anywhere. A probe asks the endpoint
one thing, raw; where an agent could not live with the answer it is asked again through the same
proxy that a session has. What the endpoint does is named by one stable word, which is compared
with what the upstream's data file says of it.
"""
