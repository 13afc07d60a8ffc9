"""Checks one target: prints a row for each claim as it is tried, and then a report of each failure."""

from collections.abc import Iterator
from typing import Any

from tqdm import tqdm

from conformance.claims import BY_NAME
from conformance.runner import report
from conformance.runner.isolation import Job, run_isolated
from conformance.runner.trial import Result
from conformance.zoo import stories
from conformance.zoo.signatures import read_signatures


def check(job: Job, profile: str, in_full: bool, json_file: str | None) -> int:
    """Prints the report, writes it to ``json_file`` if there is one, and returns the exit status.

    ``in_full`` shows every failure in full; otherwise those that are only about this project's own rules are shortened.
    """
    header, results = _run(job, profile)
    broken = [result for result in results if result.verdict not in report.AS_USUAL]
    full = [result for result in broken if in_full or BY_NAME[result.claim].level not in report.OWN_RULES]
    notes = [*report.by_reason("known", results), *report.by_reason("skipped", results)]
    if notes:
        print("", *notes, sep="\n")
    for result in broken:
        print("\n" + report.failure(result, header, full=result in full))
    if len(full) < len(broken):
        print("\nwith --only CLAIM the shortened failures are shown in full")
    print("\n" + report.summary(results))
    similar = report.alike(results, read_signatures())
    if broken and similar:
        print("The same claims about answers fail for these wrong implementations of conformance/zoo:")
        print("\n".join(f"  {name}: {story}" for name, story in stories(similar)))
    if json_file:
        report.write_json(json_file, report.as_json(header, results, profile, job.seed))
    return report.status(results)


def _run(job: Job, profile: str) -> tuple[dict[str, Any], list[Result]]:
    """The header and the results, printed as they come, above a bar where the output is a terminal."""
    header, results = run_judged(job)
    collected = []
    with tqdm(total=len(job.claims), desc=job.target, unit="claim", leave=False, disable=None) as bar:
        for line in report.header_lines(header, profile, job.seed):
            bar.write(line)
        for result in results:
            bar.update()
            if result.verdict != "skipped":
                bar.write(report.row(result))
            collected.append(result)
    return header, collected


def run_judged(job: Job) -> tuple[dict[str, Any], Iterator[Result]]:
    """The header, and the results as they come, with the target's known differences taken into account.

    Raises TargetError for a target that cannot be tried.
    """
    lines = run_isolated(job)
    header = next(lines)
    assert isinstance(header, dict)
    return header, (report.judged(job.target, line) for line in lines if isinstance(line, Result))
