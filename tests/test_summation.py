"""The rules that make the bits equal: the order of addition, and what may be used to add."""

import ast
from pathlib import Path

import numpy as np
import pytest
import torch

from accelerated.distances import pairwise_sum, sum_side_by_side
from accelerated.square_root import correct_sqrt

ACCELERATED = Path(__file__).parent.parent / "accelerated"
LENGTHS = [*range(1, 400), 512, 1000, 1023, 1024, 1025, 4096, 8191, 10_007, 65_536, 99_999, 100_000]

# Whatever chooses its own order of addition, fuses two roundings into one, or rounds differently by device.
BANNED = {
    *("addcdiv", "addcmul", "addmm", "argmax", "argmin", "baddbmm", "bmm", "cdist", "compile", "cumsum", "dist", "dot"),
    *("einsum", "float_power", "inner", "lerp", "linalg", "matmul", "mean", "median", "mm", "mode", "norm", "nansum"),
    *(
        "pdist",
        "pow",
        "pow_",
        "prod",
        "rsqrt",
        "scatter_add",
        "scatter_add_",
        "sqrt",
        "sqrt_",
        "square",
        "sum",
        "vector_norm",
    ),
}


def banned_uses(source):
    """The banned names and operators in Python source; NumPy's functions, ``np.*``, are not torch's."""
    uses = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in BANNED:
            if not (isinstance(node.value, ast.Name) and node.value.id == "np"):
                uses.append(node.attr)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Pow, ast.MatMult)):
            if not isinstance(node.left, ast.Constant):  # 2**15
                uses.append(ast.unparse(node))
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and isinstance(node.right, ast.Constant):
            uses.append(ast.unparse(node))  # on CUDA a product with the reciprocal
        elif isinstance(node, ast.keyword) and node.arg == "alpha":
            uses.append("alpha=")
    return uses


@pytest.mark.parametrize("scale", [1.0, 1e100])
def test_pairwise_sum_has_the_bits_of_np_sum_at_every_length(scale):
    rng = np.random.default_rng(0)
    for n in LENGTHS:
        values = rng.lognormal(sigma=8, size=n) * scale
        tensor = torch.from_numpy(values)

        total = pairwise_sum(lambda i, j, t=tensor: t[i:j].clone(), 0, n)

        assert total.item() == np.sum(values), n


def test_sums_side_by_side_have_the_bits_of_np_sum_at_every_length():
    rng = np.random.default_rng(0)
    for n in LENGTHS:
        values = rng.lognormal(sigma=8, size=(3, n))
        terms = torch.from_numpy(values.T.copy())

        assert sum_side_by_side(terms).tolist() == [np.sum(row) for row in values], n
        np.testing.assert_array_equal(terms, values.T)  # and leave the terms as they were


def test_correct_sqrt_has_the_bits_of_np_sqrt():
    values = np.random.default_rng(0).lognormal(sigma=50, size=1_000_000)

    np.testing.assert_array_equal(correct_sqrt(torch.from_numpy(values)).numpy(), np.sqrt(values))


@pytest.mark.parametrize("operation", ["+", "-", "*", "/", "abs", "max"])
def test_the_operations_used_round_as_in_numpy(operation):
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=1_000_000) * 10.0 ** rng.integers(-9, 9, 1_000_000), rng.normal(size=1_000_000)
    s, t = torch.from_numpy(a), torch.from_numpy(b)
    expected, actual = {
        "+": lambda: (a + b, s + t),
        "-": lambda: (a - b, s - t),
        "*": lambda: (a * b, s * t),
        "/": lambda: (a / b, s / t),
        "abs": lambda: (np.abs(a), s.abs()),
        "max": lambda: (np.maximum(a, b), torch.maximum(s, t)),
    }[operation]()

    np.testing.assert_array_equal(actual.numpy().view(np.int64), expected.view(np.int64))


@pytest.mark.parametrize(
    "file",
    [
        *("distances.py", "weighted_distances.py", "special_distances.py", "metrics.py", "exhaustive.py"),
        *("smallest.py", "refine.py", "batches.py", "voting.py", "aggregates.py", "in_sparse.py"),
    ],
)
def test_no_operation_that_rounds_differently_is_used(file):
    uses = banned_uses(next(ACCELERATED.rglob(file)).read_text())

    assert uses == []


@pytest.mark.parametrize(
    "line",
    [
        "torch.sqrt(x)",
        "x.sum(1)",
        "q @ x",
        "x ** 2",
        "torch.add(a, b, alpha=2)",
        "torch.linalg.norm(x)",
        "votes.mean()",
        "x.pow(2)",
        "x / 3",
    ],
)
def test_the_search_for_banned_operations_can_fail(line):
    assert banned_uses(f"def f(x):\n    return {line}\n")
    assert not banned_uses("np.sqrt(x) + x * x")
