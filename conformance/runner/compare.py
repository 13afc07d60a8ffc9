"""Compares several targets: a Markdown table with a row for each claim, and the reasons of the known differences."""

from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from conformance.claims import CLAIMS
from conformance.runner import report
from conformance.runner.check import run_judged
from conformance.runner.isolation import Job
from conformance.runner.markdown import table
from conformance.runner.trial import Result
from conformance.targets.peers import KNOWN

SIGNS = {"holds": "holds", "known": "**differs**", "skipped": ""}


def compare(jobs: list[Job], file: str | None) -> int:
    """Prints the table, writes it to the file if there is one, and returns the largest exit status of a target."""
    for job in jobs:  # a target that cannot be tried stops the run at once, not after the others have taken their time
        run_judged(job._replace(claims=job.claims[:1]))
    columns = {job.target: list(_with_bar(job)) for job in jobs}
    text = matrix(columns)
    print(text)
    if file:
        made_by = f"Made by `python -m conformance compare {' '.join(columns)}`."
        Path(file).write_text(f"# Claims and implementations\n\n{made_by}\n\n{text}\n")
    return max(report.status(results) for results in columns.values())


def _with_bar(job: Job) -> Iterator[Result]:
    """The results as they come, under a bar where the output is a terminal."""
    _, results = run_judged(job)
    return iter(tqdm(results, job.target, len(job.claims), unit="claim", leave=False, disable=None))


def matrix(columns: dict[str, list[Result]]) -> str:
    """A row for each claim and a column for each target, and the reasons of the known differences below."""
    verdicts = {target: {result.claim: result.verdict for result in results} for target, results in columns.items()}
    tried = next(iter(verdicts.values()))
    rows = [
        (
            claim.level,
            claim.name,
            *(SIGNS.get(verdicts[t][claim.name], f"**{verdicts[t][claim.name]}**") for t in columns),
        )
        for claim in CLAIMS
        if claim.name in tried
    ]
    counts = [_count(results) for results in columns.values()]
    text = table(("level", "claim", *columns), [*rows, ("", "hold, of those tried", *counts)])
    reasons = [_reasons(target, verdicts[target]) for target in columns if target in KNOWN]
    return "\n\n".join([text, *filter(None, reasons)])


def _count(results: list[Result]) -> str:
    tried = [result for result in results if result.verdict != "skipped"]
    return f"{sum(result.verdict == 'holds' for result in tried)}/{len(tried)}"


def _reasons(target: str, verdicts: dict[str, str]) -> str:
    grouped: dict[str, list[str]] = {}
    for claim, reason in KNOWN[target].items():
        if verdicts.get(claim) == "known":
            grouped.setdefault(reason, []).append(claim)
    lines = [f"- {reason}: {', '.join(f'`{claim}`' for claim in claims)}" for reason, claims in grouped.items()]
    return "\n".join([f"Known differences of {target}:", "", *lines]) if lines else ""
