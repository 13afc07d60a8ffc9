"""Tries claims about nearest neighbours on any implementation.

TARGET is module:Class, path/to/file.py:Class, a function or an object in place of the class, or a name: reference,
accelerated, sklearn, faiss, torch-cdist and others. A TARGET without a job in front of it is checked. The exit status
is 0 if all claims about answers and manners hold (but for known differences), 1 if some do not, 2 if a target or an
argument is wrong, or if a target can be tried on none of them.
"""

import argparse
import io
import os
import sys
from difflib import get_close_matches
from pathlib import Path

from conformance.claims import choose
from conformance.course.commands import add_learn, spelled_out
from conformance.course.questions import Group, read_groups, with_candidates
from conformance.course.quiz import find_group, quiz
from conformance.runner import PROFILES
from conformance.runner.check import Options, check
from conformance.runner.compare import compare
from conformance.runner.expected import read_expected
from conformance.runner.isolation import Job
from conformance.runner.report import list_of_claims
from conformance.runner.trial import deep
from conformance.targets import TASKS
from conformance.targets.errors import TargetError
from conformance.targets.peers import READY
from conformance.versions import version_of
from conformance.zoo.proof import prove

PROGRAM = "python -m conformance"


def main(argv: list[str] | None = None) -> int:
    """Runs the job that the arguments name, and returns the exit status."""
    _make_printable()
    words = spelled_out(sys.argv[1:] if argv is None else argv)
    parser, jobs = _parsers()
    first = words[0] if words else ""
    starts_with_a_job = first in (*jobs, "--list", "--version", "-h", "--help")
    is_unknown = not starts_with_a_job and first not in READY and ":" not in first and not first.endswith(".py")
    if is_unknown and (near := get_close_matches(first, [*jobs, *READY], n=1)):
        parser.error(f"{first!r} is neither a job nor a target; did you mean {near[0]}?")
    arguments = parser.parse_args(words if starts_with_a_job else ["check", *words])
    try:
        return arguments.run(arguments)
    except TargetError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # as of "| head": whoever reads has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141  # as of a program that SIGPIPE ends
    except KeyboardInterrupt:
        print(f"{PROGRAM}: interrupted", file=sys.stderr)
        return 130


def _make_printable() -> None:
    """Lets a terminal of few letters, or none at all, show everything that a target may be called."""
    sys.stdout, sys.stderr = (stream or open(os.devnull, "w") for stream in (sys.stdout, sys.stderr))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _parsers() -> tuple[argparse.ArgumentParser, list[str]]:
    """The parser of the command line, and the names of its jobs."""
    text, _, rest = str(__doc__).partition("\n\n")
    parser = argparse.ArgumentParser(prog=PROGRAM, description=text, epilog=rest)
    version = f"conformance of verified-knn {version_of('verified-knn')}"
    parser.add_argument("--version", action="version", version=version)
    parser.add_argument(
        "--list", dest="run", action="store_const", const=_list, help="print every claim and why it matters"
    )
    jobs = parser.add_subparsers(metavar="JOB")

    one = jobs.add_parser("check", help="try the claims on one TARGET")
    one.add_argument("target", metavar="TARGET")
    _add_reports(one)
    one.set_defaults(run=_check)

    several = jobs.add_parser("compare", help="try the claims on several targets, and print a table")
    several.add_argument("targets", metavar="TARGET", nargs="+")
    several.add_argument("--write", type=_writable, metavar="FILE", help="write the table to FILE")
    several.set_defaults(run=_compare)
    for job in (one, several):
        _add_options(job)

    zoo = jobs.add_parser("zoo", help="try the claims on the wrong implementations that the suite must catch")
    zoo.add_argument("--only", action="append", default=[], metavar="MUTANT", help="one mutant; may be repeated")
    zoo.add_argument("--write", action="store_true", help="write the pins, the signatures, docs/zoo.md and its picture")
    zoo.set_defaults(run=lambda arguments: prove(arguments.only, arguments.write))

    add_learn(jobs)
    jobs.add_parser("demo", help="compare both packages and scikit-learn on real data").set_defaults(run=_demo)
    asked = jobs.add_parser("quiz", help="ask you the questions of interviewers, until you know each of them")
    chosen = asked.add_mutually_exclusive_group()
    chosen.add_argument("--group", type=_group, help="ask one group; the start of its name is enough")
    chosen.add_argument("--ten", action="store_true", help="ask the ten with a weak, a good and a strong answer")
    asked.add_argument("--seed", type=int, help="ask in the same order as another quiz of this seed")
    asked.set_defaults(run=_quiz)
    jobs.add_parser("list", help="print every claim and why it matters").set_defaults(run=_list)
    return parser, list(jobs.choices)


def _add_options(job: argparse.ArgumentParser) -> None:
    add = job.add_argument
    add("--profile", choices=[*PROFILES, "deep"], default="default", help="20 or 100 draws a claim, or many minutes")
    add("--minutes", type=_minutes, help="for --profile deep, shared by the claims; default 10")
    add("--only", action="append", default=[], metavar="CLAIM", help="a claim, or all of a level; may be repeated")
    add("--skip", action="append", default=[], metavar="CLAIM", help="leave out a claim, or a level; may be repeated")
    add("--task", choices=TASKS, default="", help="the task of the class, or one task of a named target")
    add("--n-neighbors", default="", metavar="NAME", help="the class's own name for the number of neighbours")
    add("--method", default="", metavar="NAME", help="the class's own name for the method to ask")
    add("--device", help="handed to the constructor, such as cuda")
    add("--seed", type=int, default=0, help="another seed draws other cases; default 0")


def _add_reports(job: argparse.ArgumentParser) -> None:
    add = job.add_argument
    add("--all", action="store_true", help="print everything about every failure")
    add("--strict", action="store_true", help="conventions count in the verdict, as the order of equal distances")
    add("--expected", default="", metavar="FILE", help="known differences, in each line a claim, a colon, and a reason")
    add("--json", type=_writable, metavar="FILE", help="write everything to FILE; - is the output")
    add("--junit", type=_writable, metavar="FILE", help="write JUnit's XML to FILE; - is the output")


def _minutes(text: str) -> float:
    minutes = float(text)
    if not minutes > 0:
        raise argparse.ArgumentTypeError(f"{text} must be above 0")
    return minutes


def _writable(text: str) -> str:
    if text == "-":
        return text
    is_new = not Path(text).exists()
    try:
        Path(text).open("a").close()
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{text} cannot be written: {error.strerror}") from error
    if is_new:
        Path(text).unlink()
    return text


def _group(name: str) -> Group:
    try:
        return find_group(name)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _list(arguments: argparse.Namespace) -> int:
    print(list_of_claims())
    return 0


def _demo(arguments: argparse.Namespace) -> int:
    from conformance.demo import main as demo

    return demo()


def _quiz(arguments: argparse.Namespace) -> int:
    groups = [arguments.group] if arguments.group else read_groups()
    return quiz(with_candidates(groups) if arguments.ten else groups, arguments.seed)


def _check(arguments: argparse.Namespace) -> int:
    if arguments.json == arguments.junit == "-":
        raise TargetError("--json - and --junit - would both write to the output: give one of them a file")
    expected = read_expected(arguments.expected) if arguments.expected else {}
    options = Options(
        arguments.profile, expected, arguments.strict, arguments.all, arguments.json or "", arguments.junit or ""
    )
    return check(_job(arguments.target, arguments), options)


def _compare(arguments: argparse.Namespace) -> int:
    return compare([_job(target, arguments) for target in arguments.targets], arguments.profile, arguments.write)


def _job(target: str, arguments: argparse.Namespace) -> Job:
    try:
        claims = choose(arguments.only, arguments.skip)
    except ValueError as error:
        raise TargetError(str(error)) from error
    if arguments.minutes and arguments.profile != "deep":
        raise TargetError("--minutes is for --profile deep; other profiles have a number of draws")
    minutes = arguments.minutes or 10.0
    profile = deep(minutes, len(claims)) if arguments.profile == "deep" else PROFILES[arguments.profile]
    names = arguments.n_neighbors, arguments.method
    return Job(target, claims, profile, arguments.seed, arguments.device, arguments.task, *names)


if __name__ == "__main__":
    sys.exit(main())
