"""The claims about implementations of nearest neighbours, and of regression by similarity.

Each module is a level, and each level is tried in the order in which its claims are defined.
"""

from conformance.claims import (
    averages,
    bad_input,
    bits,
    costs,
    distance,
    manners,
    neighbors,
    numerics,
    similarity,
    solvers,
    symmetries,
    ties,
    votes,
)
from conformance.claims.claim import Claim

MODULES = (
    distance,
    neighbors,
    averages,
    votes,
    symmetries,
    numerics,
    ties,
    manners,
    costs,
    bad_input,
    bits,
    similarity,
    solvers,
)

CLAIMS = [value for module in MODULES for value in vars(module).values() if isinstance(value, Claim)]
BY_NAME = {claim.name: claim for claim in CLAIMS}
LEVELS = tuple(dict.fromkeys(claim.level for claim in CLAIMS))
