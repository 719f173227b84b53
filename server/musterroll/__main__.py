"""`python -m musterroll` is `musterroll`."""

from musterroll.cli import main

if __name__ == "__main__":
    main()
