"""The hostile requests by name: bodies, uploads, and heads."""

from collections.abc import Mapping

BODY_BYTES = 8 * 2**20 - 1024
UPLOAD_BYTES = 2**20  # all of their rows are read and refused one by one
LINE_BYTES = 60_000  # as long as a row of an upload may be, nearly
FEW_BYTES = 64 * 1024  # of the shortest rows, of which each answers with many times its size: so that some are answered


def fill(opening: bytes, item: bytes, closing: bytes = b"", size: int = BODY_BYTES) -> bytes:
    """`item` as often as a body of that size may hold it."""
    return opening + item * ((size - len(opening) - len(closing)) // len(item)) + closing


def request_of(path: str, content_type: bytes, body: bytes) -> bytes:
    head = b"POST %b HTTP/1.1\r\nhost: x\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n"
    return head % (path.encode(), content_type, len(body)) + body


def list_bodies(row: bytes) -> Mapping[str, bytes]:
    """Bodies in Lathe's own form by name; to others they are as hostile."""
    tensor = b'{"inputs":[{"name":"rows","shape":[1,6],"datatype":"FP64","data":['
    rows = b'{"rows":['
    return {
        "empty rows": fill(rows, b"{},", b"{}]}"),
        "55,000 good rows": fill(rows, row + b",", row + b"]}"),
        "good rows and blanks": fill(rows, row + b"," + b" " * 600, row + b"]}"),
        "nested objects": fill(rows, b'{"a":{}},', b"{}]}"),
        "empty arrays": fill(rows, b"[],", b"[]]}"),
        "numbers": fill(rows, b"1,", b"1]}"),
        "small numbers": fill(rows, b"1e-400,", b"1]}"),
        "empty texts": fill(rows, b'"",', b'""]}'),
        "escaped text": fill(b'{"rows":["', b"\\u00e9", b'"]}'),
        "open brackets": fill(b"", b"["),
        "open objects": fill(b"", b'{"a":'),
        "commas": fill(b"[", b","),
        "blanks": fill(b"", b" "),
        "rows and blanks": fill(rows + row + b",", b" "),
        "one long name": fill(b'{"', b"a", b'":1}'),
        "one long number": fill(b"[", b"9", b"]"),
        "many names": b"{" + b",".join(b'"%07d":{}' % i for i in range(BODY_BYTES // 13)) + b"}",
        "the same name again": fill(b"{", b'"a":1,', b'"a":1}'),
        "zero bytes": bytes(BODY_BYTES),
        "tensor of ones": fill(tensor, b"1,", b"1]}]}"),
        "tensor of empty arrays": fill(tensor, b"[],", b"[]]}]}"),
        "tensor of small numbers": fill(tensor, b"1e-400,", b"1]}]}"),
        "tensor of texts": fill(tensor, b'"",', b'""]}]}'),
        "a shape that lies": tensor.replace(b"[1,6]", b"[1000000000000,6]") + b"1]}]}",
        "many outputs": fill(b'{"inputs":[],"outputs":[', b'{"name":"a"},', b'{"name":"a"}]}'),
    }


def list_uploads() -> Mapping[str, tuple[bytes, bytes]]:
    """Uploads by name: content type and body."""
    header = b"type,air_temperature_k,process_temperature_k,rotational_speed_rpm,torque_nm,tool_wear_min\n"
    wide = b",".join(b"c%d" % i for i in range(100_000)) + b"," + header
    csv, lines = b"text/csv", b"application/x-ndjson"
    comma_line, array_line = fill(b"", b",", b"\n", LINE_BYTES), fill(b'{"a":[', b"[],", b"[]]}\n", LINE_BYTES)
    return {
        "CSV of commas": (csv, fill(b"", b",", size=UPLOAD_BYTES)),
        "CSV of lines of commas": (csv, fill(header, comma_line, size=UPLOAD_BYTES)),
        "CSV of lines of broken bytes": (csv, fill(header, b"\xff" * (LINE_BYTES - 1) + b"\n", size=UPLOAD_BYTES)),
        "CSV whose header does not end": (csv, fill(b'"', b"\n", size=UPLOAD_BYTES)),
        "CSV of blank lines": (csv, fill(header, b"\n", size=UPLOAD_BYTES)),
        "JSON lines of empty arrays": (lines, fill(b"", array_line, size=UPLOAD_BYTES)),
        "CSV with 100,000 columns and short rows": (csv, fill(wide, b"x\n", size=UPLOAD_BYTES)),
        "CSV of quotes": (csv, fill(header, b'"', size=UPLOAD_BYTES)),
        "CSV of short rows": (csv, fill(header, b"x\n", size=FEW_BYTES)),
        "JSON lines of empty objects": (lines, fill(b"", b"{}\n", size=FEW_BYTES)),
        "JSON lines, one of empty arrays": (lines, fill(b'{"a":[', b"[],", b"[]]}", size=UPLOAD_BYTES)),
        "JSON lines with many names": (lines, fill(b"{", b'"a":{},', b'"a":{}}\n', size=UPLOAD_BYTES)),
    }


def list_requests() -> Mapping[str, bytes]:
    """Whole requests by name, whose bodies are not what is hostile."""
    chunked = b"POST /v1/batch HTTP/1.1\r\nhost: x\r\ncontent-type: text/csv\r\ntransfer-encoding: chunked\r\n\r\n"
    metrics = b"GET /metrics HTTP/1.1\r\nhost: x\r\n"
    return {
        "chunks of one byte": fill(chunked, b"1\r\nx\r\n", b"0\r\n\r\n", UPLOAD_BYTES),
        "metrics": metrics + b"\r\n",
        "metrics in a thousand formats": fill(metrics + b"accept: ", b"a;b,", b"\r\n\r\n", LINE_BYTES),
        "a long query": fill(b"GET /readyz?", b"a=b&", b" HTTP/1.1\r\nhost: x\r\n\r\n", LINE_BYTES),
        "a path of escapes": fill(b"GET /", b"%41", b" HTTP/1.1\r\nhost: x\r\n\r\n", LINE_BYTES),
        "16 KiB of empty arrays": request_of("/v1/predict", b"application/json", fill(b"[", b"[],", b"[]]", 16 * 1024)),
        "16 KiB of empty rows": request_of(
            "/v1/predict", b"application/json", fill(b'{"rows":[', b"{},", b"{}]}", 16 * 1024)
        ),
    }


def list_floods(row: bytes) -> Mapping[str, bytes]:
    """What very many connections send at once, by name: much that is not a request yet, and many requests."""
    health, page = b"GET /healthz HTTP/1.1\r\nhost: x\r\n", b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
    chunked = b"POST /v1/predict HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nffff\r\n"
    scored = request_of("/v1/predict", b"application/json", row)
    return {
        "60 kB of a head, at once": fill(health + b"x: ", b"a", size=LINE_BYTES),
        "1,500 requests each, at once": page * 1500,
        "60 kB of a chunk, at once": fill(chunked, b" ", size=LINE_BYTES),
        "100 headers each, at once": health + b"".join(b"x%d: %b\r\n" % (i, b"a" * 580) for i in range(98)),
        "8 requests each, at once": page * 8,
        "a good row each, at once": scored,
    }
