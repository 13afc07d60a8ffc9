"""Checks one target: prints a row for each claim as it is tried, a line for each failure, and what to mend next."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from tqdm import tqdm

from conformance.runner import report
from conformance.runner.causes import BROKEN, Judge, grouped
from conformance.runner.files import as_json, as_junit, write
from conformance.runner.fix_next import fix_next, in_full
from conformance.runner.isolation import Job, Session, run_isolated
from conformance.runner.trial import SHRINKING, Result
from conformance.targets.peers import KNOWN

POOL = {"quick": 3.0, "default": 15.0}  # seconds for smaller cases of failures, the most urgent first


class Options(NamedTuple):
    """What to print, and where to write it."""

    profile: str  # its name
    expected: dict[str, str]  # known differences of the target, each with its reason
    strict: bool = False  # whether conventions count in the verdict
    show_all: bool = False
    json_file: str = ""
    junit_file: str = ""

    @property
    def is_quiet(self) -> bool:
        """Whether the output is to be a file's, and nothing else."""
        return "-" in (self.json_file, self.junit_file)


def check(job: Job, options: Options) -> int:
    """Prints the report, writes the files that are asked for, and returns the exit status."""
    with Session(job) as session:
        header = session.header
        results = try_claims(session, options, is_quiet=options.is_quiet)
        if not options.is_quiet:
            _print_below(header, results, options)
    if options.json_file:
        write(options.json_file, json.dumps(as_json(header, results, options.profile, job.seed), indent=1) + "\n")
    if options.junit_file:
        write(options.junit_file, as_junit(header, results))
    return report.status(results)


def _known(job: Job, options: Options) -> dict[str, str]:
    return {**KNOWN.get(job.target, {}), **options.expected}


def try_claims(session: Session, options: Options, is_quiet: bool = True) -> list[Result]:
    """The results; unless quiet, they are printed as they come, above a bar where the output is a terminal."""
    job, known = session.job, _known(session.job, options)
    judge = Judge(lambda name, avoid: session.try_claim(name, avoid, shrinking=0))
    results: dict[str, Result] = {}
    with tqdm(total=len(job.claims), desc=job.target, unit="claim", leave=False, disable=is_quiet or None) as bar:
        for line in () if is_quiet else report.header_lines(session.header, options.profile, job.seed):
            bar.write(line)
        for name in job.claims:
            results[name] = judge.judge(name)
            bar.update()
            shown = report.judged(known, results[name].copy(), options.strict)
            if shown.verdict != "skipped" and not is_quiet:
                bar.write(report.row(shown))
    results = {name: judge.review(result) for name, result in results.items()}
    found = _with_small_cases(session, judge, results, options)
    return [report.judged(known, result, options.strict) for result in found]


def _with_small_cases(session: Session, judge: Judge, results: dict[str, Result], options: Options) -> Iterator[Result]:
    """The results, with smaller cases of as many failures as there is time for."""
    pool = float("inf") if options.show_all else POOL.get(options.profile, POOL["default"])
    known = _known(session.job, options)
    groups = grouped([result for result in results.values() if result.claim not in known])
    for group in groups:
        first = group.first
        if pool <= 0 or first.case is None:
            continue
        others = tuple(trigger for trigger in judge.triggers if trigger != first.cause)
        smaller = session.try_claim(first.claim, others, shrinking=min(SHRINKING, pool))
        pool -= smaller.seconds
        if smaller.verdict in BROKEN and smaller.case is not None:
            smaller.cause, smaller.draws, smaller.seconds = first.cause, first.draws, first.seconds
            smaller.drawn = first
            results[first.claim] = smaller
    yield from results.values()


def _print_below(header: dict[str, Any], results: list[Result], options: Options) -> None:
    groups = grouped(results)
    print(*report.lines_below(results, groups, options.show_all), sep="\n")
    print("\n" + report.summary(results, options.strict))
    if options.show_all:
        for group in groups[1:]:
            print("\n" + in_full(group, results, header))
    if groups:
        print("", *fix_next(groups[0], results, header), sep="\n")


def run_judged(job: Job) -> tuple[dict[str, Any], Iterator[Result]]:
    """The header, and the results as they come, with the target's known differences taken into account.

    Raises TargetError for a target that cannot be tried.
    """
    lines = run_isolated(job)
    header = next(lines)
    assert isinstance(header, dict)
    known = KNOWN.get(job.target, {})
    return header, (report.judged(known, line) for line in lines if isinstance(line, Result))
