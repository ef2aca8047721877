"""requests' session."""

import sys
from pathlib import Path

import requests

with requests.Session() as session:
    for line in Path(sys.argv[1]).read_text().splitlines():
        url, content_type, how, body, answer = line.split("\t")
        content = Path(body).read_bytes()
        sent = iter([content[:100], content[100:]]) if how == "streamed" else content
        told = session.post(url, data=sent, headers={"content-type": content_type}, timeout=180)
        Path(answer).write_bytes(told.content)
        print(told.status_code)
