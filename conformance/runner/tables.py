"""The tables of a comparison: how many claims hold, the known differences by their reasons, and every claim."""

from collections import Counter

from conformance.claims import BY_NAME, CLAIMS, LEVELS
from conformance.claims.claim import CONVENTIONS, KINDS
from conformance.runner.markdown import table
from conformance.runner.trial import Result
from conformance.targets.peers import PEERS
from conformance.targets.peers.reasons import CRASHES
from conformance.versions import version_of

Columns = dict[str, list[Result]]  # the results of each target


def as_text(columns: Columns) -> str:
    """The comparison in Markdown."""
    parts = ["## How many claims hold, of those tried", _counts(columns)]
    differences = [_differences(target, results) for target, results in columns.items() if target in PEERS]
    if any(differences):
        parts += ["## Known differences", *filter(None, differences)]
    return "\n\n".join([*parts, "## Every claim", *_claims(columns)])


def _counts(columns: Columns) -> str:
    """A row for each kind and level, and a column for each target."""
    rows = [("", "version", *map(_version, columns))]
    for kind in KINDS:
        for level in LEVELS:
            names = {claim.name for claim in CLAIMS if (claim.kind, claim.level) == (kind, level)}
            counts = [_count([one for one in results if one.claim in names]) for results in columns.values()]
            rows += [(kind, level, *counts)] if any(counts) else []
    return table(("kind", "level", *columns), [*rows, ("", "all", *map(_count, columns.values()))])


def _version(target: str) -> str:
    if target in PEERS:
        return PEERS[target].version
    return version_of("verified-knn") if target in ("reference", "accelerated") else ""


def _count(results: list[Result]) -> str:
    verdicts = Counter(result.verdict for result in results)
    tried = verdicts.total() - verdicts["skipped"]
    return f"{verdicts['holds']}/{tried}" if tried else ""


def _differences(target: str, results: list[Result]) -> str:
    """The known differences of a peer, with their reasons."""
    seen = {result.claim for result in results if result.verdict == "known"}
    lines = []
    for reason, claims in PEERS[target].differences.items():
        names = [claim for claim in claims if claim in seen]
        note = " (a convention)" if all(BY_NAME[name].kind == CONVENTIONS for name in names) else ""
        lines += [f"- {reason}{note}: {', '.join(f'`{name}`' for name in names)}"] if names else []
    return "\n".join([f"### {PEERS[target].package} {PEERS[target].version}", "", *lines]) if lines else ""


def _claims(columns: Columns) -> list[str]:
    """For each level a table with a row for each claim and a column for each target."""
    found = {target: {result.claim: result for result in results} for target, results in columns.items()}
    tables = []
    for level in LEVELS:
        names = [claim.name for claim in CLAIMS if claim.level == level]
        rows = [
            (name, *(_cell(found[t][name]) for t in columns))
            for name in names
            if all(name in found[t] for t in columns)
        ]
        tables += [table((level, *columns), rows)] if rows else []
    return tables


def _cell(result: Result) -> str:
    """The result in a word, in bold where the claim is no convention and does not hold."""
    if result.verdict in ("holds", "skipped"):
        return result.verdict.replace("skipped", "")
    if BY_NAME[result.claim].kind == CONVENTIONS and result.verdict in ("known", "differs"):
        return "differs"
    if result.verdict == "known":
        return "**crashes**" if result.message.startswith(CRASHES) else "**fails**"
    return f"**{result.verdict.lower()}**"
