"""Makes an API key: `python -m app.predictor.auth.keys new NAME`."""

import argparse
import sys

from app.predictor.auth.key_file import KeyFileError, make_key

BAD_INPUT = 2


def main(arguments: list[str] | None = None) -> int:
    """Prints a new key once, on standard error, and its line for the key file on standard output."""
    parser = argparse.ArgumentParser(
        prog="python -m app.predictor.auth.keys",
        description="Make an API key. The key is printed once, on standard error; its line for the file of "
        "LATHE_API_KEYS_FILE on standard output, so that >> keys.txt keeps only that.",
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    new = verbs.add_parser("new", help="a new key")
    new.add_argument("name", help="shows in metrics: a-z, 0-9, _ and -")
    given = parser.parse_args(arguments)
    try:
        key, line = make_key(given.name)
    except KeyFileError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    print(f"key, shown only now: {key}", file=sys.stderr)
    print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
