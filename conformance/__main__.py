"""Tries claims about nearest neighbours on any implementation.

TARGET is module:Class, path/to/file.py:Class, or one of reference, accelerated, sklearn, faiss, torch-cdist. Other
jobs: "compare A B C" prints the claims against several targets, "zoo" against the wrong implementations that the suite
is proven with, "demo" shows both packages on real data. The exit status is 0 if all claims hold (but for the known
differences of a named peer), 1 if some do not, 2 if the target or an argument is wrong.
"""

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from conformance.claims import BY_NAME, CLAIMS, LEVELS
from conformance.demo import main as demo
from conformance.runner import report
from conformance.runner.compare import matrix
from conformance.runner.isolation import Job, run_isolated
from conformance.runner.trial import PROFILES, Profile, Result, deep
from conformance.targets import TASKS
from conformance.targets.adapters import TargetError
from conformance.zoo import stories
from conformance.zoo.proof import prove, read_signatures


def main(argv: list[str] | None = None) -> int:
    """Runs what the arguments ask for; 0 if everything held, 1 if something did not, 2 for what cannot be run."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.list:
        print(report.list_of_claims())
        return 0
    if not arguments.job:
        parser.error("a TARGET is missing: module:Class, path/to/file.py:Class, or reference, accelerated, sklearn ...")
    job, *targets = arguments.job
    if arguments.write is not None and job not in ("compare", "zoo"):
        parser.error("--write goes with compare or zoo; a TARGET's report is written by --json FILE")
    if arguments.json and job in ("compare", "zoo", "demo"):
        parser.error(f"--json goes with a TARGET, not with {job}")
    if arguments.write == "" and job == "compare":
        parser.error("compare --write needs a FILE")
    if not arguments.minutes > 0:
        parser.error(f"--minutes {arguments.minutes} must be above 0")
    for file in filter(None, (arguments.json, arguments.write)):
        if not Path(file).parent.is_dir() or Path(file).is_dir():
            parser.error(f"{file} is no file that could be written")
    if targets and job != "compare":
        parser.error(f"one TARGET at a time, or: compare {' '.join(arguments.job)}")
    if job == "demo":
        return demo()
    try:
        if job == "zoo":
            return prove(arguments.write)
        claims = _chosen(arguments.only)
        profile = deep(arguments.minutes, len(claims)) if arguments.profile == "deep" else PROFILES[arguments.profile]
        if job == "compare":
            return _compare(targets, claims, profile, arguments)
        return _try(job, claims, profile, arguments)
    except TargetError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{parser.prog}: interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    text, _, rest = str(__doc__).partition("\n\n")
    parser = argparse.ArgumentParser(prog="python -m conformance", description=text, epilog=rest)
    add = parser.add_argument
    add("job", nargs="*", metavar="TARGET", help="or: compare TARGET ..., zoo, demo")
    add("--profile", choices=[*PROFILES, "deep"], default="default", help="20 or 100 draws a claim, or many minutes")
    add("--minutes", type=float, default=10.0, help="for --profile deep, shared by the claims; default 10")
    add("--only", action="append", default=[], metavar="CLAIM", help="a claim, or all of a level; may be repeated")
    add(
        "--task",
        choices=TASKS,
        default="",
        help="what the class is, where it cannot be told; or which class of a named target",
    )
    add("--device", help="handed to the constructor, such as cuda")
    add("--seed", type=int, default=0, help="another seed draws other cases; default 0")
    add("--json", metavar="FILE", help="writes everything to FILE")
    add(
        "--write",
        metavar="FILE",
        nargs="?",
        const="",
        help="compare: writes the table to FILE; zoo: writes docs/zoo.md, its picture and the pins",
    )
    add("--list", action="store_true", help="prints every claim and why it matters")
    return parser


def _chosen(only: list[str]) -> list[str]:
    """The names of the claims to try. Raises TargetError for one that is none."""
    unknown = set(only) - set(BY_NAME) - set(LEVELS)
    if unknown:
        raise TargetError(f"--only {unknown.pop()!r} is no claim and no level; --list prints them")
    return [claim.name for claim in CLAIMS if not only or claim.name in only or claim.level in only]


def _try(target: str, claims: list[str], profile: Profile, arguments: argparse.Namespace) -> int:
    header, *results = _run(target, claims, profile, arguments, show=True)
    broken = [result for result in results if result.verdict not in report.AS_USUAL]
    full = [result for result in broken if arguments.only or BY_NAME[result.claim].level not in report.OWN_RULES]
    notes = [*report.by_reason("known", results), *report.by_reason("skipped", results)]
    if notes:
        print("", *notes, sep="\n")
    for result in broken:
        print("\n" + report.failure(result, header, full=result in full))
    if len(full) < len(broken):
        print("\nwith --only CLAIM those are shown in full")
    print("\n" + report.summary(results))
    similar = report.alike(results, read_signatures())
    if broken and similar:
        print("The same claims about answers fail for these wrong implementations of conformance/zoo:")
        print("\n".join(f"  {name}: {story}" for name, story in stories(similar)))
    if arguments.json:
        report.write_json(arguments.json, report.as_json(header, results, arguments.profile, arguments.seed))
    return 1 if broken else 0


def _run(target: str, claims: list[str], profile: Profile, arguments: argparse.Namespace, show: bool) -> list:
    """The header, and then the results; printed as they come, under a bar where somebody is watching."""
    lines = run_isolated(_job(target, claims, profile, arguments))
    bar = tqdm(total=len(claims), desc=target, unit="claim", leave=False, disable=None)
    collected: list = []
    for line in lines:
        if isinstance(line, Result):
            bar.update()
            line = report.judged(target, line)
            text = [report.row(line)] if line.verdict != "skipped" else []
        else:
            text = report.header_lines(line, arguments.profile, arguments.seed)
        for one in text if show else []:
            bar.write(one)
        collected.append(line)
    bar.close()
    return collected


def _job(target: str, claims: list[str], profile: Profile, arguments: argparse.Namespace) -> Job:
    return Job(target, claims, profile, arguments.seed, arguments.device, arguments.task)


def _compare(targets: list[str], claims: list[str], profile: Profile, arguments: argparse.Namespace) -> int:
    if not targets:
        raise TargetError("compare needs targets, as in: compare reference sklearn my_knn.py:KNN")
    for target in targets:  # a wrong one is told before the others have taken their time
        next(run_isolated(_job(target, claims[:1], profile, arguments)))
    columns: dict[str, list[Result]] = {}
    for target in targets:
        _, *columns[target] = _run(target, claims, profile, arguments, show=False)
    text = matrix(columns)
    print(text)
    if arguments.write:
        made_by = f"# Claims and implementations\n\nMade by `python -m conformance compare {' '.join(targets)}`."
        Path(arguments.write).write_text(f"{made_by}\n\n{text}\n")
    return int(any(r.verdict not in report.AS_USUAL for results in columns.values() for r in results))


if __name__ == "__main__":
    sys.exit(main())
