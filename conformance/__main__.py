"""``python -m conformance`` tries every claim on the two packages; ``python -m conformance demo`` shows real data."""

import argparse
import sys
from time import perf_counter

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from conformance.checks import CHECKS, Check
from conformance.demo import main as demo

RUN = settings(
    derandomize=True,
    database=None,
    deadline=None,
    report_multiple_bugs=False,
    phases=set(Phase) - {Phase.explain},
)


def main(argv: list[str] | None = None) -> int:
    """Runs what the arguments ask for; 0 if everything held, 1 if something did not, 2 for wrong arguments."""
    parser = argparse.ArgumentParser(prog="python -m conformance", description=__doc__)
    parser.add_argument("job", nargs="?", choices=["check", "demo"], default="check", help="default: check")
    parser.add_argument("--draws", type=int, default=100, help="cases for each claim")
    arguments = parser.parse_args(argv)
    if arguments.draws < 1:
        parser.error(f"--draws {arguments.draws} is less than 1")
    if arguments.job == "demo":
        return demo()
    return max(_try(check, arguments.draws) for check in CHECKS)


def _try(check: Check, draws: int) -> int:
    """Draws cases, prints the verdict, and for a failure the smallest case; 1 for a failure."""

    @settings(RUN, max_examples=draws)
    @given(case=check.strategy, data=st.data())
    def holds(case, data):  # type: ignore[no-untyped-def] # given looks at the signature
        check.function(case, data)

    start = perf_counter()
    try:
        holds()
    except Exception as error:
        print(f"FAILS  {check.claim}\n{error}\n" + "\n".join(getattr(error, "__notes__", [])))
        return 1
    print(f"holds  {check.claim}  {draws} draws, {perf_counter() - start:.1f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
