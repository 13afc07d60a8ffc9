"""The claims against implementations, as Markdown."""

from conformance.claims import CLAIMS
from conformance.runner.markdown import table
from conformance.runner.trial import Result
from conformance.targets.peers import KNOWN

SIGNS = {"holds": "holds", "known": "**differs**", "skipped": ""}


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
    known = {claim: reason for claim, reason in KNOWN[target].items() if verdicts.get(claim) == "known"}
    grouped: dict[str, list[str]] = {}
    for claim, reason in known.items():
        grouped.setdefault(reason, []).append(claim)
    lines = [f"- {reason}: {', '.join(f'`{claim}`' for claim in claims)}" for reason, claims in grouped.items()]
    return "\n".join([f"Known differences of {target}:", "", *lines]) if lines else ""
