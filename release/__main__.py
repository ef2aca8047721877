"""`python -m release`."""

if __name__ == "__main__":
    from release.cli import main

    main()
