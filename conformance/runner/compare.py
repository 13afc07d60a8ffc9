"""Compares several targets: tries the claims on each, prints the tables, and writes them to a file."""

from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from conformance.runner import report
from conformance.runner.check import run_judged
from conformance.runner.isolation import Job
from conformance.runner.tables import as_text
from conformance.runner.trial import Result
from conformance.targets.errors import TargetError
from conformance.targets.peers import PEERS


def compare(jobs: list[Job], profile: str, file: str | None) -> int:
    """Prints the tables, writes them to the file if there is one, and returns the largest exit status of a target.

    Peers that are not installed are left out. Raises TargetError if no target remains, or if one cannot be tried.
    """
    absent = [PEERS[job.target].absence for job in jobs if not _is_installed(job.target)]
    jobs = [job for job in jobs if _is_installed(job.target)]
    if not jobs:
        raise TargetError("; ".join(absent))
    for job in jobs:  # a target that cannot be tried stops the run at once, not after the others have taken their time
        run_judged(job._replace(claims=job.claims[:1]))
    columns = {job.target: list(_with_bar(job)) for job in jobs}
    left_out = f"Left out: {'; '.join(absent)}.\n\n" if absent else ""
    text = left_out + as_text(columns)
    print(text)
    if file:
        made_by = f"Made by `python -m conformance compare {' '.join(columns)} --profile {profile}`."
        Path(file).write_text(f"# Claims and implementations\n\n{made_by}\n\n{text}\n")
    return max(report.status(results) for results in columns.values())


def _is_installed(target: str) -> bool:
    return target not in PEERS or PEERS[target].is_installed


def _with_bar(job: Job) -> Iterator[Result]:
    """The results as they come, under a bar where the output is a terminal."""
    _, results = run_judged(job)
    return iter(tqdm(results, job.target, len(job.claims), unit="claim", leave=False, disable=None))
