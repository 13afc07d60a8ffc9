"""Reasons for known differences that several peers share."""

CRASHES = "crashes: "  # begins a reason for which the process ends
EXPANDS = "|x|^2 + |q|^2 - 2 x.q cancels where numbers are large beside their differences"
UNORDERED = "equal distances come in any order, and at the k-th place any of them is taken"
NOT_CHECKED = "the input is not checked, or not with a ValueError or TypeError"
NO_QUERIES = "no queries are answered with no neighbours"
ARRAYS_ONLY = "only arrays are taken"
KEEPS = "a reference to the caller's array is kept"
NO_PICKLE = "the index cannot be pickled"
NAN = "under nan_euclidean rows that share no feature are at the distance NaN, in any place"
