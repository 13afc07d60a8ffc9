"""Exact neighbours for files of vectors: makes a ground truth, compares an approximate search with it, or checks one.

Files are .npy, .fvecs, .fbin, .hdf5 and others; docs/ground_truth.md has an example. The exit status is 0 if all went
well, 1 if a ground truth is wrong, 2 if an argument or a file is wrong, and 130 after an interrupt.
"""

import argparse
import os
import sys

from accelerated.ground_truth.command_line import add_jobs

PROGRAM = "python -m accelerated"


def main(argv: list[str] | None = None) -> int:
    """Runs the job that the arguments name, and returns the exit status."""
    text, _, rest = str(__doc__).partition("\n\n")
    parser = argparse.ArgumentParser(prog=PROGRAM, description=text, epilog=rest)
    add_jobs(parser.add_subparsers(metavar="JOB", required=True))
    arguments = parser.parse_args(argv)
    try:
        return arguments.run(arguments)
    except BrokenPipeError:  # as of "| head", which has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141  # as of a program that SIGPIPE ends
    except (OSError, ValueError, TypeError, ImportError) as error:
        print(f"{PROGRAM}: {'; '.join([str(error), *getattr(error, '__notes__', ())])}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{PROGRAM}: interrupted; the same call goes on where a ground truth was left", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
