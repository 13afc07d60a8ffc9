"""The claims about implementations of nearest neighbours, and of regression by similarity.

Each module is a level, and each level is tried in the order in which its claims are defined.
"""

from difflib import get_close_matches

from conformance.claims import (
    among,
    averages,
    bad_input,
    bits,
    costs,
    distance,
    manners,
    metrics,
    neighbors,
    numerics,
    options,
    radius,
    sample_weight,
    similarity,
    solvers,
    sparse,
    symmetries,
    tensors,
    ties,
    updates,
    votes,
    within,
)
from conformance.claims.claim import Claim

MODULES = (
    distance,
    neighbors,
    radius,
    among,
    averages,
    votes,
    within,
    sample_weight,
    options,
    symmetries,
    numerics,
    sparse,
    tensors,
    ties,
    updates,
    manners,
    costs,
    bad_input,
    bits,
    similarity,
    solvers,
    metrics,
)

CLAIMS = [value for module in MODULES for value in vars(module).values() if isinstance(value, Claim)]
BY_NAME = {claim.name: claim for claim in CLAIMS}
LEVELS = tuple(dict.fromkeys(claim.level for claim in CLAIMS))


def choose(only: list[str], skip: list[str]) -> list[str]:
    """The names of the claims that ``only`` names, by claim or by level, or of all, without those that ``skip`` names.

    Raises ValueError for a name that is neither a claim's nor a level's.

    >>> choose(["ties", "euclidean_distance"], ["all_rows_alike"])[:2]
    ['euclidean_distance', 'equal_distances_go_to_the_lower_index']
    """
    known = {*BY_NAME, *LEVELS}
    only, skip = (
        [name.replace("_", " ") if name.replace("_", " ") in LEVELS else name for name in names]
        for names in (only, skip)
    )
    for name in (*only, *skip):
        if name not in known:
            near = get_close_matches(name, known, n=1)
            advice = f"did you mean {near[0]!r}?" if near else "python -m conformance list prints them"
            raise ValueError(f"{name!r} is neither a claim nor a level; {advice}")
    chosen = [claim for claim in CLAIMS if not only or claim.name in only or claim.level in only]
    return [claim.name for claim in chosen if claim.name not in skip and claim.level not in skip]
