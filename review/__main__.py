"""`python -m review`."""

if __name__ == "__main__":
    from review.cli import main

    main()
