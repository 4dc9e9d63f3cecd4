"""What the benchmark scripts share: see bench/README.md."""
import os

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BENCH = os.path.join(TOP, "bench")


class BenchError(Exception):
    """Something that the user must put right; its text is one line."""
