"""`python -m app.monitor`."""

from app.monitor.cli import main

if __name__ == "__main__":
    main()
