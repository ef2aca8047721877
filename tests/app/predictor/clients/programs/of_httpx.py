"""httpx's client."""

import sys
from pathlib import Path

import httpx

with httpx.Client(timeout=180) as client:
    for line in Path(sys.argv[1]).read_text().splitlines():
        url, content_type, how, body, answer = line.split("\t")
        content = Path(body).read_bytes()
        sent = iter([content[:100], content[100:]]) if how == "streamed" else content
        told = client.post(url, content=sent, headers={"content-type": content_type})
        Path(answer).write_bytes(told.content)
        print(told.status_code)
