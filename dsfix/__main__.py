"""`dsfix`, also as `python -m dsfix`."""

from __future__ import annotations

import signal


def main() -> None:
    """Run the command line. Ctrl-C while it is still being imported ends it without a word."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # not where it is ignored
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from dsfix import cli

    signal.signal(signal.SIGINT, before)
    cli.main()


if __name__ == "__main__":
    main()
