"""Run as a program of its own: Parquet on standard input to Arrow on standard output, within limits of the system.

A damaged file can make the parser crash or ask for any memory; then this process ends, and not the one that trains.
"""

import resource
import sys
from typing import Any


def limit_process(memory_bytes: int, seconds: int) -> None:
    for what, amount in ((resource.RLIMIT_AS, memory_bytes), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0)):
        try:
            _, hard = resource.getrlimit(what)
            soft = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
            resource.setrlimit(what, (soft, hard))
        except (OSError, ValueError):  # a system that has not this limit, such as macOS for memory
            continue


def convert(content: bytes, max_bytes: int, sink: Any) -> str:
    """Writes the table to `sink`; what is wrong with it, else nothing."""
    import pyarrow as arrow  # noqa: PLC0415 - only within the limits
    from pyarrow import parquet  # noqa: PLC0415 - only within the limits

    file = parquet.ParquetFile(arrow.BufferReader(content), page_checksum_verification=True)
    stated = sum(file.metadata.row_group(group).total_byte_size for group in range(file.metadata.num_row_groups))
    if stated > max_bytes:
        return f"unpacks to {stated:,} bytes, expected at most {max_bytes:,}"
    table = file.read(use_threads=False)
    if table.nbytes > max_bytes:
        return f"unpacks to {table.nbytes:,} bytes, expected at most {max_bytes:,}"
    table.validate(full=True)
    with arrow.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return ""


def main() -> int:
    memory_bytes, seconds, max_bytes = map(int, sys.argv[1:4])
    content = sys.stdin.buffer.read()
    limit_process(memory_bytes, seconds)
    try:
        problem = convert(content, max_bytes, sys.stdout.buffer)
    except MemoryError:
        problem = "asks for more memory than there is"
    except Exception as error:
        problem = f"cannot be parsed: {(str(error).splitlines() or [type(error).__name__])[0][:200]}"
    sys.stderr.write(problem)
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main())
