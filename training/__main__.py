"""`python -m training`."""

import os

if __name__ == "__main__":
    # its tables are small: threads would wait for each other, and their number would be one more input
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # ONNX Runtime would tell its maker of every start

    from training.cli import main

    main()
