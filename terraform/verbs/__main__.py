"""`python -m terraform.verbs`."""

if __name__ == "__main__":
    from terraform.verbs.cli import main

    main()
