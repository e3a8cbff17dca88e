"""`groktheory` and `python -m groktheory`."""

import os
import sys
import threading

from groktheory.papers.bench.command_line import main as run


def main() -> None:
    """Run the command line and leave with its exit code."""
    code = run()
    if any(thread.name.startswith("claim") for thread in threading.enumerate()):
        # a claim that did not stop when it was interrupted: Python would wait for its end
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    main()
