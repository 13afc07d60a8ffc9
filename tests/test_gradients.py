"""Gradients of returned distances: those of the formula, 0 where there is none, and the distances keep their bits."""

import pytest
import torch

import accelerated.gradients
from accelerated import KNNRegressor, NearestNeighbors
from accelerated.metrics import METRICS as METRICS_BY_NAME

METRICS = {
    **{metric: {"metric": metric} for metric in ("euclidean", "sqeuclidean", "manhattan", "chebyshev", "cosine")},
    **{f"p={p}": {"p": p} for p in (0.5, 1.5, 2.5, 3, 20)},
}
FORMULAS = {  # for autograd, where no gap is 0
    "euclidean": lambda q, x: ((q - x) ** 2).sum().sqrt(),
    "sqeuclidean": lambda q, x: ((q - x) ** 2).sum(),
    "manhattan": lambda q, x: (q - x).abs().sum(),
    "chebyshev": lambda q, x: (q - x).abs().max(),
    "cosine": lambda q, x: 1 - q @ x / (q.norm() * x.norm()),
    **{f"p={p}": lambda q, x, p=p: ((q - x).abs() ** p).sum() ** (1 / p) for p in (0.5, 1.5, 2.5, 3, 20)},
}


@pytest.fixture
def rows(rng):
    return torch.tensor(rng.normal(size=(60, 5)))


@pytest.fixture
def queries(rng):
    return torch.tensor(rng.normal(size=(7, 5)) + 0.1, requires_grad=True)


@pytest.mark.parametrize("name", METRICS)
def test_gradients_are_those_of_numeric_differences(name, rows, queries):
    model = NearestNeighbors(3, **METRICS[name]).fit(rows)

    assert torch.autograd.gradcheck(lambda Q: model.kneighbors(Q)[0], queries)


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("memory_limit", [2**30, 2**11])
def test_gradients_are_those_of_the_formula_also_if_memory_is_scarce(name, memory_limit, rows, queries):
    model = NearestNeighbors(3, **METRICS[name], memory_limit=memory_limit).fit(rows)
    distances, indices = model.kneighbors(queries)
    factors = torch.arange(1.0, 1 + distances.numel(), dtype=torch.float64).reshape(distances.shape)
    (gradient,) = torch.autograd.grad((factors * distances).sum(), queries)

    pairs = [(i, j) for i in range(len(queries)) for j in range(3)]
    expected = sum(factors[i, j] * FORMULAS[name](queries[i], rows[indices[i, j]]) for i, j in pairs)
    torch.testing.assert_close(gradient, *torch.autograd.grad(expected, queries), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", [*METRICS, "hamming", "jaccard"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_a_gradient_changes_no_bit_of_the_distances_and_has_the_type_of_the_query(name, dtype, rows, queries):
    model = NearestNeighbors(3, **METRICS.get(name, {"metric": name})).fit(rows)
    plain = queries.detach().to(dtype)
    asked = plain.clone().requires_grad_()
    expected, actual = model.kneighbors(plain), model.kneighbors(asked)

    assert actual[0].detach().numpy().tobytes() == expected[0].numpy().tobytes()
    assert torch.equal(actual[1], expected[1])
    assert actual[0].requires_grad == (name in METRICS)
    if name in METRICS:
        actual[0].sum().backward()
        assert asked.grad.dtype == dtype
        assert asked.grad.isfinite().all() and asked.grad.any()


@pytest.mark.parametrize("name", METRICS)
def test_at_the_distance_0_the_gradient_is_0(name, rows):
    model = NearestNeighbors(1, **METRICS[name]).fit(torch.cat([rows, torch.zeros(1, 5)]))
    queries = torch.cat([rows[:4], torch.zeros(1, 5, dtype=torch.float64)]).requires_grad_()
    distances, _ = model.kneighbors(queries)
    distances.sum().backward()

    assert distances.detach().tolist() == [[0.0]] * 5
    assert not queries.grad.any()


def test_the_gradient_of_a_distance_whose_squares_vanish_is_0():
    query = torch.tensor([[1e-170, 1.0]], dtype=torch.float64, requires_grad=True)
    NearestNeighbors(1).fit([[0.0, 1.0]]).kneighbors(query)[0].sum().backward()

    assert query.grad.tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize(
    ("params", "query", "expected"),
    [
        ({"metric": "manhattan"}, [3.0, 0.0, -2.0], [1.0, 0.0, -1.0]),
        ({"metric": "chebyshev"}, [0.0, -2.0, 2.0], [0.0, -1.0, 0.0]),
        ({"p": 0.5}, [4.0, 0.0, -4.0], [2.0, 0.0, -2.0]),
        ({"p": 3}, [2.0, 0.0, 0.0], [1.0, 0.0, 0.0]),
        ({"metric": "cosine"}, [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]),
    ],
)
def test_where_there_is_no_derivative_features_that_do_not_differ_have_the_slope_0(params, query, expected):
    """Of features with the largest gap, chebyshev takes the first; the zero vector has no direction."""
    row = [[1.0, 0.0, 0.0]] if params.get("metric") == "cosine" else [[0.0, 0.0, 0.0]]
    query = torch.tensor([query], dtype=torch.float64, requires_grad=True)
    NearestNeighbors(1, **params).fit(row).kneighbors(query)[0].sum().backward()

    assert query.grad.tolist() == [expected]


def test_cosine_does_not_change_along_the_query_nor_with_a_row_of_zeros(queries, rows):
    for fitted in (rows, torch.zeros(3, 5)):
        for scale in (1.0, 1e-200, 1e200):
            scaled = (queries.detach() * scale).requires_grad_()
            distances, _ = NearestNeighbors(2, metric="cosine").fit(fitted).kneighbors(scaled)
            (gradient,) = torch.autograd.grad(distances.sum(), scaled)
            along = (scaled.detach() / scale * (gradient * scale)).sum(1)

            assert along.abs().max() < 1e-14
            assert bool(gradient.any()) == (fitted is rows)


def test_without_need_nothing_is_recorded(rows, queries, monkeypatch):
    monkeypatch.setattr("accelerated.neighbors.with_gradient", None)
    model = NearestNeighbors(3).fit(rows)
    with torch.no_grad():
        assert not model.kneighbors(queries)[0].requires_grad
    with torch.inference_mode():
        assert not model.kneighbors(queries)[0].requires_grad
    assert not model.kneighbors(queries.detach())[0].requires_grad
    assert not model.kneighbors(queries, return_distance=False).requires_grad
    by_function = NearestNeighbors(3, metric=lambda a, b: abs(a - b).sum()).fit(rows)
    assert not by_function.kneighbors(queries)[0].requires_grad


def test_training_rows_are_copied_so_they_get_no_gradient(queries, rows):
    fitted = rows.clone().requires_grad_()
    model = NearestNeighbors(3).fit(fitted)

    assert not model.kneighbors()[0].requires_grad
    model.kneighbors(queries)[0].sum().backward()
    assert fitted.grad is None and queries.grad is not None


def test_a_gradient_reaches_what_the_query_was_made_of(rows):
    scale = torch.nn.Parameter(torch.ones(5))
    distances, indices = NearestNeighbors(2, metric="sqeuclidean").fit(rows).kneighbors(rows[:1] * scale + 0.5)
    distances.sum().backward()

    gaps = rows[:1] + 0.5 - rows[indices[0]]
    torch.testing.assert_close(scale.grad, (2 * gaps * rows[:1]).sum(0).float())


def test_a_gradient_is_that_of_the_fit_that_answered(rows, queries):
    model = NearestNeighbors(2).fit(rows)
    expected, _ = model.kneighbors(queries)
    (first,) = torch.autograd.grad(expected.sum(), queries)
    distances, _ = model.kneighbors(queries)
    model.fit(rows + 100)

    assert torch.equal(*torch.autograd.grad(distances.sum(), queries), first)


def test_a_model_fitted_in_inference_mode_gives_gradients(rows, queries):
    with torch.inference_mode():
        model = NearestNeighbors(2).fit(rows)
    elsewhere = NearestNeighbors(2).fit(rows)
    first, second = (torch.autograd.grad(one.kneighbors(queries)[0].sum(), queries) for one in (model, elsewhere))

    assert torch.equal(*first, *second)


@pytest.mark.parametrize("name", METRICS)
def test_second_derivatives_are_those_of_numeric_differences(name, rows, queries):
    model = NearestNeighbors(3, **METRICS[name]).fit(rows)

    assert torch.autograd.gradgradcheck(lambda Q: model.kneighbors(Q)[0], queries)


@pytest.mark.parametrize("name", METRICS)
def test_second_derivatives_are_finite_where_features_do_not_differ(name, rows):
    model = NearestNeighbors(2, **METRICS[name]).fit(torch.cat([rows, rows[:4] + torch.eye(5)[0]]))
    queries = rows[:4].clone().requires_grad_()
    (gradient,) = torch.autograd.grad(model.kneighbors(queries)[0].sum(), queries, create_graph=True)
    (second,) = torch.autograd.grad(gradient.sum(), queries)

    assert second.isfinite().all()


def test_predictions_carry_no_gradient(rows, queries):
    for weights in ("uniform", "distance", lambda distances: 1 / (1 + distances)):
        model = KNNRegressor(2, weights=weights).fit(rows, rows[:, 0])

        assert not model.predict(queries).requires_grad
    model = NearestNeighbors(2).fit(rows)
    assert model.get_neighbors(queries[0]) == model.get_neighbors(queries[0].detach())


def test_the_backward_pass_keeps_to_the_memory_limit(rng, monkeypatch):
    sizes = []

    def noted(queries, rows, distances):
        sizes.append(queries.numel())
        return accelerated.gradients.euclidean(queries, rows, distances)

    monkeypatch.setitem(METRICS_BY_NAME, "euclidean", METRICS_BY_NAME["euclidean"]._replace(slope=noted))
    model = NearestNeighbors(4, memory_limit=2**20).fit(rng.random((100, 50)))
    queries = torch.tensor(rng.random((2000, 50)), requires_grad=True)
    model.kneighbors(queries)[0].sum().backward()

    assert sum(sizes) == 4 * queries.numel()
    assert max(sizes) * 8 * accelerated.gradients.COPIES <= 2**20


@pytest.mark.parametrize("name", METRICS)
def test_a_place_without_a_neighbor_adds_nothing_to_first_and_second_derivatives(name, rows):
    def derivatives(k):
        query = rows[7:8].clone() + 0.3
        query.requires_grad_()
        distances, _ = NearestNeighbors(k, **METRICS[name]).fit(rows).kneighbors(query, among=[3], pad=True)
        (first,) = torch.autograd.grad(distances[0, 0], query, create_graph=True)
        second = torch.autograd.grad(first.sum(), query)[0] if first.requires_grad else None
        return first.detach(), second

    for padded, whole in zip(derivatives(4), derivatives(1), strict=True):
        torch.testing.assert_close(padded, whole, rtol=0, atol=0)
