"""``python -m conformance`` tries every claim on the two packages; ``python -m conformance demo`` shows real data."""

import argparse
import sys
from time import perf_counter

from hypothesis import Phase

from conformance.checks import CHECKS, Check
from conformance.demo import main as demo


def main(argv: list[str] | None = None) -> int:
    """Runs what the arguments ask for; 0 if everything held, 1 if something did not, 2 for wrong arguments."""
    parser = argparse.ArgumentParser(prog="python -m conformance", description=__doc__)
    parser.add_argument("job", nargs="?", choices=["check", "demo"], default="check", help="default: check")
    parser.add_argument("--draws", type=int, default=100, help="cases for each claim, ten times as many for the first")
    arguments = parser.parse_args(argv)
    if arguments.draws < 1:
        parser.error(f"--draws {arguments.draws} is less than 1")
    if arguments.job == "demo":
        return demo()
    return max([_try(check, arguments.draws) for check in CHECKS])


def _try(check: Check, draws: int) -> int:
    """Tries a claim, prints the verdict, and for a failure the smallest case; 1 for a failure."""
    start = perf_counter()
    try:
        check.run(draws, derandomize=True, database=None, phases=set(Phase) - {Phase.explain})
    except Exception as error:
        print(f"FAILS  {check.claim}\n{error}\n" + "\n".join(getattr(error, "__notes__", [])), flush=True)
        return 1
    print(f"holds  {check.claim}  {check.effort * draws} draws, {perf_counter() - start:.1f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
