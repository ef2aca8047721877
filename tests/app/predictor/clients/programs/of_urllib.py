"""The standard library's client."""

import sys
import urllib.request
from pathlib import Path

for line in Path(sys.argv[1]).read_text().splitlines():
    url, content_type, how, body, answer = line.split("\t")
    content = Path(body).read_bytes()
    sent = iter([content]) if how == "streamed" else content
    request = urllib.request.Request(url, data=sent, headers={"content-type": content_type})
    try:
        with urllib.request.urlopen(request) as told:
            status, received = told.status, told.read()
    except urllib.error.HTTPError as refusal:
        status, received = refusal.code, refusal.read()
    Path(answer).write_bytes(received)
    print(status)
