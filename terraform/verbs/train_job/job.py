"""What a training job is, whichever cloud runs it: image by digest, data, champion, and where its results go."""

import re
from dataclasses import dataclass

from cli.errors import InputError

IMAGE = re.compile(r"[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+(:[\w.-]+)?@sha256:[0-9a-f]{64}")
NAME = re.compile(r"[a-z]([a-z0-9-]{0,50}[a-z0-9])?")
EVERYWHERE = ("https://", "http://")
PATH = r"""[^\s'"`$\\]+"""  # the names of objects that no shell reads as something else
WITHOUT_FILE = ("uci", "generator")
PYTHON = "/opt/venv/bin/python"  # of the training image

# As `make judge`: 1 and 3 are the gate's verdicts, which the report holds. The results appear together, at the end.
SCRIPT = f"""
set -eu
work=$(mktemp -d "${{LATHE_WORK:-/tmp}}/job.XXXXXX")
cd "$work"
python=${{LATHE_PYTHON:-{PYTHON}}}
"$python" -m training train --data "$LATHE_DATA"
if [ -n "${{LATHE_CHAMPION:-}}" ]; then set -- --champion "$LATHE_CHAMPION"; else set -- --first-run; fi
verdict=0
"$python" -m training gate --data "$LATHE_DATA" "$@" || verdict=$?
case "$verdict" in
  0|1|3) ;;
  *) echo "the gate ended with $verdict" >&2; exit "$verdict" ;;
esac
test -s artifacts/gate/report.json
mkdir -p "$LATHE_OUTPUT"
cp -R artifacts/candidate "$LATHE_OUTPUT/bundle"
cp artifacts/gate/report.json "$LATHE_OUTPUT/report.json"
""".lstrip()


@dataclass(frozen=True)
class TrainingJob:
    """`data` is gs://, s3:// or https://, or a name that training knows; `champion` is a folder in a bucket or None."""

    name: str
    image: str
    data: str
    champion: str | None
    machine: str
    minutes: int


def check_job(job: TrainingJob, scheme: str) -> TrainingJob:
    """Raises: InputError for what no cloud would take, or what would not be this very image."""
    if not NAME.fullmatch(job.name):
        raise InputError(
            f"--name is {job.name!r}, expected at most 52 lower-case letters, digits and dashes, a letter first"
        )
    if not IMAGE.fullmatch(job.image):
        raise InputError(
            f"--image is {job.image!r}, expected HOST/NAME@sha256:…, for a tag may move; "
            f"`crane digest {job.image.partition('@')[0] or 'IMAGE'}` prints the digest"
        )
    check_place("--data", job.data, scheme, others=True)
    if job.champion is not None:
        check_place("--champion", job.champion, scheme, others=False)
    if not 1 <= job.minutes <= 7 * 24 * 60:
        raise InputError(f"--minutes is {job.minutes}, expected 1 to {7 * 24 * 60}")
    return job


def check_place(option: str, place: str, scheme: str, *, others: bool) -> None:
    """Raises: InputError for a place that the job cannot read."""
    is_known = re.fullmatch(rf"{scheme}[a-z0-9][a-z0-9._-]+/{PATH}", place) is not None
    if others:
        is_known = is_known or place.startswith(EVERYWHERE) or place in WITHOUT_FILE
    if not is_known:
        also = f", https://…, {' or '.join(WITHOUT_FILE)}" if others else ""
        copy = "gcloud storage cp -r" if scheme == "gs://" else "aws s3 cp --recursive"
        raise InputError(
            f"{option} is {place!r}, expected {scheme}BUCKET/PATH{also}; a job reads nothing of this machine: "
            f"{copy} {place.rpartition('://')[2]} {scheme}BUCKET/"
        )
