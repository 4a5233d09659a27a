"""`dsfix`, also as `python -m dsfix`."""

from __future__ import annotations

from dsfix.interrupts import silent


def main() -> None:
    """Run the command line."""
    with silent():
        from dsfix import cli

    cli.main()


if __name__ == "__main__":
    main()
