"""A strict local stand-in for DeepSeek's endpoints, for the demo, our tests and users' own CI.

`rules` decides what is refused and reads the wire by itself, so that a misreading of a dialect
in the proxy does not pass on both sides. `model` decides what is answered. `engine` joins the
two without a socket; `server` is the only module that opens one.
"""
