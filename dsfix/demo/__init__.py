"""`dsfix demo`: a conversation that fails without dsfix, and the same one with it.

`agent` is a tiny agent that loses reasoning as the real ones do, `players` say how each agent is
started and what its output means, and `stage` plays a scene twice: straight at the simulator, and
through a `dsfix run` of its own. Nothing in between is a stand-in.
"""
