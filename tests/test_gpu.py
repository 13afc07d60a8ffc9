"""The path for GPUs, on a pretended one, and on a real one where there is: same bits, proofs, memory, settings."""

import copy
import pickle
import warnings
from functools import partial

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning

import accelerated.search.batches
import accelerated.search.block_minima
import accelerated.search.sizes
import accelerated.search.speeds
import tests.pretended_gpu
from accelerated import KNNClassifier, NearestNeighbors, SimilarityRegressor
from accelerated.metrics import METRICS
from accelerated.search.bounds.accumulation import (
    UNDERFLOW,
    _hard_floats,
    accumulation,
    magnitudes,
    product_keeps_error_limit,
)
from accelerated.search.bounds.frame import choose_frame
from accelerated.search.bounds.multiply import product_dtype
from accelerated.search.bounds.squared import SquaredBound
from accelerated.search.few_features import FewFeaturesFilter
from accelerated.search.memory import resolve_memory_limit
from accelerated.search.queries import Queries
from accelerated.search.report import Clock
from accelerated.search.rule import choose_filter
from accelerated.search.speeds import fastest_first
from accelerated.square_root import correct_sqrt, rounds_correctly
from tests import tensor_cores
from tests.helpers import HOSTILE, by, made_by
from tests.pretended_gpu import PretendedGpu

GPU = torch.device("cuda", 0)
CORES = {"Volta": tensor_cores.VOLTA, "Ampere": tensor_cores.AMPERE, "Hopper": tensor_cores.HOPPER}
X = np.random.default_rng(0).normal(size=(3000, 20)).astype(np.float32)
Q = np.random.default_rng(1).normal(size=(100, 20)).astype(np.float32)


@pytest.fixture
def gpu():
    with PretendedGpu() as pretended:
        yield pretended


@pytest.fixture
def new_gpu():
    """One whose products nobody has tried yet."""
    with PretendedGpu(known=False) as pretended:
        yield pretended


@pytest.fixture
def cublas_settings():
    """Torch's settings for products on CUDA, put back afterwards."""
    settings = torch.backends.cuda.matmul
    names = ["allow_fp16_reduced_precision_reduction", "allow_bf16_reduced_precision_reduction"]
    names += ["allow_fp16_accumulation"]
    before = {name: getattr(settings, name) for name in names}
    yield settings
    for name, value in before.items():
        setattr(settings, name, value)


def assert_same(actual, expected):
    distances, indices = (np.asarray(part.cpu() if isinstance(part, torch.Tensor) else part) for part in actual)
    np.testing.assert_array_equal(indices, expected[1])
    np.testing.assert_array_equal(distances.view(np.int64), expected[0].view(np.int64))


@pytest.mark.parametrize(
    ("name", "core"),
    [
        *[(name, "Hopper") for name in ("float16", "bfloat16", "int8", "float32", "cells", "boxes", "bitmaps")],
        ("float16", "Volta"),
    ],
)
def test_every_filter_on_a_gpu_gives_the_bits_of_the_cpu(name, core):
    answered, metric = 0, "chebyshev" if name == "bitmaps" else "euclidean"
    for X in HOSTILE.values():
        X = X[:, :2] if name == "boxes" else X[1::2]  # half of the rows, because products are simulated slowly
        Q = np.concatenate([X[:40], X[:40] + 0.1 * X[40:80], -X[:5], np.zeros((1, X.shape[1]))])
        all_pairs = by("exhaustive", 7, device="cpu", metric=metric).fit(X)
        expected, without_self = all_pairs.kneighbors(Q), all_pairs.kneighbors()
        with PretendedGpu(core=CORES[core]):
            model = by(name, 7, device="cuda", metric=metric).fit(X)
            assert_same(model.kneighbors(Q), expected)
            assert_same(model.kneighbors(), without_self)
            answered += model.search_report(Q).certified
    assert answered > (50 if name in ("int8", "boxes") else 300)


@pytest.mark.parametrize("metric", ["cosine", "jaccard", "manhattan", "chebyshev", "minkowski", "hamming"])
def test_every_metric_on_a_device_gives_the_bits_of_the_cpu(device, metric):
    p = 3 if metric == "minkowski" else 2
    expected = NearestNeighbors(5, metric=metric, p=p, device="cpu").fit(X).kneighbors(Q)
    model = NearestNeighbors(5, metric=metric, p=p, device=device).fit(X)

    assert model._rows.device == device
    assert_same(model.kneighbors(Q), expected)


def test_answers_to_tensors_stay_on_their_device(device):
    model = KNNClassifier(5, weights="distance").fit(torch.tensor(X, device=device), torch.tensor(X[:, 0] > 0))
    queries = torch.tensor(Q, device=device)

    assert {part.device for part in model.kneighbors(queries)} == {device}
    assert model.predict_proba(queries).device == model.predict(queries).device == device
    expected = KNNClassifier(5, weights="distance", device="cpu").fit(X, X[:, 0] > 0)
    np.testing.assert_array_equal(model.predict_proba(queries).cpu(), expected.predict_proba(Q))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_stream_that_is_not_the_default_one_is_no_matter():
    expected = NearestNeighbors(5, device="cpu").fit(X).kneighbors(Q)
    with torch.cuda.stream(torch.cuda.Stream()):
        model = NearestNeighbors(5, device="cuda").fit(torch.tensor(X, device="cuda") * 2)
        distances, indices = model.kneighbors(torch.tensor(Q, device="cuda") * 2)

    assert_same((distances / 2, indices), expected)


def test_roots_and_quotients_on_a_device_have_the_bits_of_numpy(device, rng):
    a, b = rng.lognormal(sigma=50, size=200_000), rng.lognormal(sigma=50, size=200_000)
    on_device = [torch.tensor(values, device=device) for values in (a, b)]

    np.testing.assert_array_equal(correct_sqrt(on_device[0]).cpu(), np.sqrt(a))
    np.testing.assert_array_equal((on_device[0] / on_device[1]).cpu(), a / b)


def test_a_device_that_rounds_roots_otherwise_is_noticed(gpu, monkeypatch):
    assert rounds_correctly(GPU)
    rounds_correctly.cache_clear()
    real = torch.sqrt
    some = 2.0**-52 * (torch.rand(100_000, dtype=torch.float64) > 0.999)
    monkeypatch.setattr(torch, "sqrt", lambda x: (real(x.cpu()) * (1 + some[: len(x)])).to(x.device))

    assert not rounds_correctly(GPU)
    values = torch.tensor([2.0, 51.0], dtype=torch.float64, device=GPU)
    assert correct_sqrt(values).tolist() == np.sqrt([2.0, 51.0]).tolist()


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("data", HOSTILE)
def test_a_bound_by_tensor_cores_is_below_the_squared_distance_and_not_far_below(data, dtype, core):
    rows = torch.from_numpy(HOSTILE[data])
    queries = rows[:60] + 0.01 * rows[60:120]
    with PretendedGpu(core=CORES[core]):
        frame = choose_frame(rows.to(GPU))
        bound = SquaredBound.make(METRICS["euclidean"], frame, dtype)
        encoded = bound.encode_queries(queries.to(GPU))
        certifiable = encoded.certifiable.cpu()
        bounds = made_by(bound, rows.to(GPU), encoded)
        q, x = (frame.apply(some.to(GPU)).cpu().numpy().astype(np.longdouble) for some in (queries[certifiable], rows))
    true = ((q[:, None] - x) ** 2).sum(2) - bound.frame.near
    reach = np.linalg.norm(x, axis=1) <= bound.too_long
    one_up = 2.0**-23  # made in float32

    assert (bounds <= true * (1 + np.sign(true) * one_up))[:, reach].all()
    assert (bounds[:, ~reach] < true[:, ~reach]).all()
    size = (np.linalg.norm(q, axis=1)[:, None] + np.linalg.norm(x, axis=1)) ** 2 + bound.frame.near
    coarse = torch.finfo(dtype).eps
    assert (true - bounds <= (8 * coarse + 8 * bound.alpha) * size + 2 * bound.lost)[:, reach].all()


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_tensor_cores_add_as_precisely_as_is_said_and_not_much_more(dtype, core):
    """Sums that lose most: a first term of 1 and others just below what is cut off; split or not."""
    worst = 0.0
    for n_columns in (8, 16, 64, 128, 792, 2048):
        a, b = _hard_floats(n_columns, dtype)
        step = 2.0 ** -(CORES[core].bits + 1)  # half of the last bit kept beside 1
        a[0, 1:], b[0, 1:] = np.sqrt(0.99 * step), np.sqrt(0.99 * step)
        a[0, 0] = b[0, 0] = 1
        exact, magnitude = a.double() @ b.double().T, magnitudes(a, b)
        with PretendedGpu(core=CORES[core]):
            alpha = accumulation(n_columns, dtype, GPU)
        for splits in (1, min(8, n_columns // 8), min(32, n_columns // 8)):
            made = tensor_cores.multiply(a, b.T, torch.float32, CORES[core], splits).double()
            error = (made - exact).abs()
            assert (error <= alpha * magnitude + UNDERFLOW).all()
            worst = max(worst, float((error / magnitude)[:24, :24].nan_to_num().max() / (alpha - 2.0**-18)))
    assert worst > 0.1


def test_a_sum_is_cut_towards_zero_by_tensor_cores():
    a, b = torch.tensor([[1.0] + [2.0**-13] * 15]).half(), torch.tensor([[1.0] + [2.0**-13 * 0.9] * 15]).half()
    exact = float(a.double() @ b.double().T)

    assert exact > 1 + 2.0**-23
    assert tensor_cores.multiply(a, b.T, torch.float32, tensor_cores.VOLTA).item() == 1.0
    assert tensor_cores.multiply(a, b.T, torch.float32, tensor_cores.HOPPER).item() == 1.0
    few = a[:, :2], b[:, :2].T
    assert tensor_cores.multiply(-few[0], few[1], torch.float32, tensor_cores.HOPPER).item() == -1.0


def test_products_are_trusted_by_what_torch_is_told(gpu, cublas_settings):
    float16, bfloat16 = torch.float16, torch.bfloat16
    assert (product_dtype(float16, GPU), product_dtype(bfloat16, GPU)) == (torch.float32, torch.float32)
    cublas_settings.allow_fp16_reduced_precision_reduction = False
    assert (product_dtype(float16, GPU), product_dtype(bfloat16, GPU)) == (float16, torch.float32)
    cublas_settings.allow_bf16_reduced_precision_reduction = False
    assert (product_dtype(float16, GPU), product_dtype(bfloat16, GPU)) == (float16, bfloat16)
    cublas_settings.allow_fp16_accumulation = True
    assert (product_dtype(float16, GPU), product_dtype(bfloat16, GPU)) == (None, bfloat16)
    assert product_dtype(float16, torch.device("cpu")) == float16


@pytest.mark.parametrize("accumulates_in_16_bits", [False, True])
@pytest.mark.parametrize("reduces_in_16_bits", [False, True])
def test_settings_do_not_change_the_answer(gpu, cublas_settings, reduces_in_16_bits, accumulates_in_16_bits):
    expected = NearestNeighbors(5, device="cpu").fit(X).kneighbors(Q)
    model = by("float16", 5, device="cuda").fit(X)
    cublas_settings.allow_fp16_reduced_precision_reduction = reduces_in_16_bits
    cublas_settings.allow_fp16_accumulation = accumulates_in_16_bits

    assert_same(model.kneighbors(Q), expected)
    report = model.search_report(Q)
    assert report.fallbacks == ({"float32": 100} if accumulates_in_16_bits else {})


def test_a_setting_that_another_thread_changes_during_a_product_changes_no_answer(gpu, cublas_settings, monkeypatch):
    expected = NearestNeighbors(5, device="cpu").fit(X).kneighbors(Q)
    model = by("float16", 5, device="cuda").fit(X)
    real = accelerated.search.block_minima.multiply

    def multiply_while_another_changes(rows, queries, out):
        real(rows, queries, out)
        cublas_settings.allow_fp16_accumulation = True

    monkeypatch.setattr(accelerated.search.block_minima, "multiply", multiply_while_another_changes)
    assert model.search_report(Q).fallbacks == {"float32": 100}
    cublas_settings.allow_fp16_accumulation = False
    assert_same(model.kneighbors(Q), expected)


def test_without_products_in_float32_those_in_16_bits_are_not_trusted(gpu, cublas_settings, monkeypatch):
    """As in torch 2.6 and 2.7."""
    monkeypatch.setattr(torch.ops.aten.mm, "overloads", lambda: ["default", "out"])

    assert product_dtype(torch.float16, GPU) is None
    cublas_settings.allow_fp16_reduced_precision_reduction = False
    assert product_dtype(torch.float16, GPU) == torch.float16


@pytest.mark.parametrize(("capability", "bits"), [((9, 0), 23), ((9, 0), 13), ((8, 0), 21)])
def test_cores_that_keep_fewer_bits_are_noticed_and_not_used(capability, bits):
    expected = NearestNeighbors(5, device="cpu").fit(X).kneighbors(Q)
    with PretendedGpu(core=tensor_cores.Core(capability, 4, bits), known=False):
        with pytest.warns(UserWarning, match="products in torch.float16 on cuda:0 are less precise than they can be"):
            assert not product_keeps_error_limit(torch.float16, GPU)
        with warnings.catch_warnings():  # once for each device
            warnings.simplefilter("error")
            assert choose_filter(METRICS["euclidean"], torch.tensor(X, device=GPU), "float16") is None
            model = by("float32", 5, device="cuda").fit(X)
            assert_same(model.kneighbors(Q), expected)


def test_cores_that_flush_small_numbers_are_noticed(new_gpu, monkeypatch):
    real = tensor_cores.multiply

    def flushing(a, b, *others):
        a, b = (torch.where(values.abs() < 2.0**-14, torch.zeros_like(values), values) for values in (a, b))
        return real(a, b, *others)

    monkeypatch.setattr(tensor_cores, "multiply", flushing)
    with pytest.warns(UserWarning, match="products in torch.float16 on cuda:0 are less precise"):
        assert not product_keeps_error_limit(torch.float16, GPU)


def test_products_that_fail_are_noticed_and_not_used(new_gpu, monkeypatch):
    """As cuBLAS does in torch's deterministic mode unless it is given a workspace."""

    def fails(*args):
        raise RuntimeError("deterministic behavior was enabled")

    monkeypatch.setattr(tensor_cores, "multiply", fails)
    with pytest.warns(UserWarning, match="float16 on cuda:0 fail, and are not used: deterministic behavior"):
        assert not product_keeps_error_limit(torch.float16, GPU)


def test_in_deterministic_mode_nothing_of_cublas_is_needed(new_gpu, monkeypatch, rng):
    """Without a workspace it refuses all products of floats, but not those of integers."""
    functions = "tests.pretended_gpu.FUNCTIONS"

    def refuses(*args, **others):
        raise RuntimeError("Deterministic behavior was enabled, but this operation is not deterministic")

    floats = {torch.mm: refuses, torch.matmul: refuses, torch.Tensor.__matmul__: refuses}
    monkeypatch.setattr(functions, {**tests.pretended_gpu.FUNCTIONS, **floats})
    monkeypatch.setattr(torch, "are_deterministic_algorithms_enabled", lambda: True)
    rows = rng.integers(0, 256, (2000, 10)).astype(float)
    for data, metric in ((rows, "euclidean"), (rows, "manhattan"), (rows + 0.5 * rng.random(rows.shape), "euclidean")):
        expected = by("exhaustive", 3, device="cpu", metric=metric).fit(data).kneighbors(data[:50])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert_same(NearestNeighbors(3, device="cuda", metric=metric).fit(data).kneighbors(data[:50]), expected)


def test_only_gpus_that_were_found_to_are_taken_to_add_like_hopper(monkeypatch):
    alphas = []
    for capability in ((8, 0), (9, 0), (10, 0), (12, 0)):
        with PretendedGpu(core=tensor_cores.HOPPER._replace(capability=capability)):
            alphas.append(accumulation(128, torch.float16, GPU))
    monkeypatch.setattr(torch.version, "hip", "6.0")
    with PretendedGpu():
        alphas.append(accumulation(128, torch.float16, GPU))

    hopper, older = 2.0**-17 + 2.0**-18, 2.0**-15 + 2.0**-18
    assert alphas == [older, hopper, hopper, older, older]


def test_whole_numbers_on_a_gpu_are_multiplied_as_integers_of_any_shape(gpu, rng):
    for n_rows, n_features, n_queries in ((300, 3, 1), (257, 20, 33), (65, 9, 7), (64, 8, 100), (1, 5, 3)):
        rows = rng.integers(0, 256, (n_rows, n_features))
        queries = rng.integers(0, 256, (n_queries, n_features))
        k = min(4, n_rows)
        expected = by("exhaustive", k, device="cpu").fit(rows).kneighbors(queries)
        model = by("int8", k, device="cuda").fit(rows)

        assert_same(model.kneighbors(queries), expected)
        assert model.search_report(queries).certified > 0


def test_panels_that_end_anywhere_suit_the_products_of_a_gpu(gpu, monkeypatch, rng):
    sizes = accelerated.search.sizes
    monkeypatch.setattr(sizes, "GPU_SIZES", sizes.GPU_SIZES._replace(rows=64))
    rows, queries = rng.integers(0, 256, (150, 9)), rng.integers(0, 256, (40, 9))
    for n_rows in range(129, 150):
        expected = by("exhaustive", 3, device="cpu").fit(rows[:n_rows]).kneighbors(queries)
        assert_same(by("int8", 3, device="cuda").fit(rows[:n_rows]).kneighbors(queries), expected)


def test_the_rule_for_a_gpu_is_what_it_multiplies_fastest_and_never_a_tree(gpu, monkeypatch):
    monkeypatch.setattr(accelerated.search.speeds, "seconds_of_product", lambda device, dtype, *others: seconds[dtype])
    seconds = {torch.int8: 3, torch.float16: 1, torch.float32: 2}
    assert [*fastest_first(GPU)] == [torch.float16, torch.float32, torch.int8]
    few, many = (torch.rand((5000, n_features), device=GPU) for n_features in (1, 20))
    assert choose_filter(METRICS["euclidean"], many).name == "float16"
    for metric in ("euclidean", "manhattan", "chebyshev"):
        assert choose_filter(METRICS[metric], few).name == "boxes"
        assert choose_filter(METRICS[metric], few, "tree") is None
    assert choose_filter(METRICS["cosine"], few).name == "float16"
    whole = torch.randint(0, 256, (5000, 20), device=GPU)
    assert choose_filter(METRICS["euclidean"], whole).name == "float16"
    for of_integers, name in ((0.1, "int8"), (1.9, "float32")):  # in int8 manhattan takes more columns
        seconds[torch.int8] = of_integers
        assert choose_filter(METRICS["manhattan"], many).name == name
    seconds[torch.int8] = 0
    assert [*fastest_first(GPU)] == [torch.int8, torch.float16, torch.float32]
    assert choose_filter(METRICS["euclidean"], whole).name == "int8"


@pytest.mark.parametrize("name", ["float16", "int8", "float32", "bitmaps", "exhaustive"])
@pytest.mark.parametrize("memory_limit", [2**20, 2**24])
def test_a_search_on_a_gpu_keeps_to_its_memory_limit(gpu, name, memory_limit, rng):
    metric = "chebyshev" if name == "bitmaps" else "euclidean"
    rows, queries = rng.integers(0, 200, (10_000, 30)), torch.tensor(rng.integers(0, 200, (70, 30)), device=GPU)
    model = by(name, 5, device="cuda", metric=metric, memory_limit=memory_limit).fit(rows)
    model.kneighbors(queries[:5])  # tries the device, once
    gpu.peak = before = gpu.allocated
    model.kneighbors(queries)

    answers = 2 * 8 * 70 * 5
    assert gpu.peak - before <= memory_limit + 2 * answers


@pytest.mark.parametrize("memory_limit", [2**24, 2**26])
@pytest.mark.parametrize("data", ["uniform", "few values", "ties of half a group"])
def test_boxes_keep_to_their_memory_limit_and_give_up_where_too_much_is_left(gpu, data, memory_limit, rng):
    """One feature of few values makes whole groups tie with a good part of the rows."""
    n_rows = 40_000
    X = {
        "uniform": rng.random((n_rows, 2)),
        "few values": rng.integers(0, 8, (n_rows, 1)) * 1.0,
        "ties of half a group": np.where(np.arange(n_rows)[:, None] < 3000, 5.0, rng.random((n_rows, 1))),
    }[data]
    rows, queries = torch.tensor(X, device=GPU), torch.tensor(X[:3000], device=GPU)
    boxes = FewFeaturesFilter.make(METRICS["euclidean"], rows, [])
    gpu.peak = before = gpu.allocated
    found = search_all(boxes, METRICS["euclidean"], queries, memory_limit)

    assert gpu.peak - before <= memory_limit + 17 * 3000 * 5
    assert sum(int(some.certified.count_nonzero()) for some in found) == (3000 if data == "uniform" else 0)
    exact = by("exhaustive", 5, device="cpu").fit(X).kneighbors(X[:100])
    if data == "uniform":
        reduced, indices = (torch.cat([some[place] for some in found])[:100] for place in (0, 1))
        assert_same((reduced, indices), exact)


def search_all(chosen, metric, queries, memory_limit):
    """What the filter finds for the batches of the queries, with 5 neighbours."""
    read, numbers = Queries.given(queries, metric, queries), np.arange(len(queries))
    found = accelerated.search.batches.in_batches(chosen, read, numbers, 5, memory_limit, Clock())
    return [some for _, some in found]


def test_boxes_that_exclude_little_are_not_measured(rng):
    rows = torch.from_numpy(rng.random((20_000, 12)))
    boxes = FewFeaturesFilter.make(METRICS["euclidean"], rows, [])
    (found,) = search_all(boxes, METRICS["euclidean"], rows[:600], 2**30)

    assert 0 < int(found.certified.count_nonzero()) < 300
    assert found.n_candidates < 600 * 20_000 / 10


def test_a_query_that_lies_apart_does_not_spoil_the_others(gpu, rng):
    X = rng.random((70_000, 2))
    X[7:11] = [[1e6, 1e6], [1e6, -1e6], [-1e6, 1e6], [-1e6, -1e6]]
    report = NearestNeighbors(5, device="cuda", metric="manhattan").fit(X).search_report(X[:20_000])

    assert report.filter == "boxes" and report.certified > 19_000
    assert report.fallbacks["boxes, one by one"] < 500 and report.fallbacks.get("exhaustive", 0) <= 4


def test_libraries_without_memory_are_like_torch_without_memory(gpu, monkeypatch):
    real, refused = tensor_cores.multiply, []

    def refuses_once(*args):
        if not refused:
            refused.append(1)
            raise RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`")
        return real(*args)

    model = by("float16", 5, device="cuda").fit(X)
    expected = by("exhaustive", 5, device="cpu").fit(X).kneighbors(Q)
    monkeypatch.setattr(tensor_cores, "multiply", refuses_once)
    assert_same(model.kneighbors(Q), expected)
    assert refused


def test_without_memory_for_a_filter_all_pairs_are_measured():
    expected = by("exhaustive", 5, device="cpu").fit(X).kneighbors(Q)
    with PretendedGpu(memory=2**22, known=False):
        with pytest.warns(UserWarning, match="cuda:0 has no memory left for a fast search"):
            model = NearestNeighbors(5, device="cuda").fit(X)
        assert_same(model.kneighbors(Q), expected)
        assert model.search_report(Q).filter == "exhaustive"


@pytest.mark.parametrize("name", ["float16", "exhaustive"])
def test_out_of_memory_halves_what_is_done_at_once_and_goes_on(name, monkeypatch, rng):
    monkeypatch.setattr("accelerated.search.exhaustive.MOST_QUERIES", 64)
    monkeypatch.setattr("accelerated.search.sizes.GPU_SIZES", accelerated.search.sizes.GPU_SIZES._replace(queries=64))
    rows, queries = rng.normal(size=(10_000, 12)), rng.normal(size=(128, 12))
    expected = by("exhaustive", 5, device="cpu").fit(rows).kneighbors(queries)
    with PretendedGpu() as gpu:
        model = by(name, 5, device="cuda", memory_limit=2**30).fit(rows)
        model.kneighbors(queries)
        gpu.peak = gpu.allocated
        model.kneighbors(queries)
        enough = gpu.peak
        for share in (2, 8):
            gpu.memory = gpu.allocated + (enough - gpu.allocated) // share
            gpu.n_refused = 0
            report = model.search_report(queries)
            assert gpu.n_refused > 0
            assert report.n_queries == 128
            assert report.certified == (128 if name == "float16" and share == 2 else 0)
            assert_same(model.kneighbors(queries), expected)


def test_after_one_refusal_less_is_asked_for(monkeypatch):
    monkeypatch.setattr("accelerated.search.exhaustive.MOST_QUERIES", 20)
    with PretendedGpu() as gpu:
        model = by("exhaustive", 5, device="cuda", memory_limit=2**30).fit(X)
        model.kneighbors(Q)
        gpu.memory = gpu.allocated + 2**21
        gpu.n_refused = 0
        model.kneighbors(Q)
        assert 0 < gpu.n_refused < 10  # of five blocks of queries only the first has to learn


def test_too_little_memory_for_anything_is_an_error():
    with PretendedGpu() as gpu:
        model = by("float16", 5, device="cuda", memory_limit=2**30).fit(X)
        gpu.memory = gpu.allocated
        with pytest.raises(torch.OutOfMemoryError, match="CUDA out of memory"):
            model.kneighbors(Q)


def test_the_memory_limit_is_a_quarter_of_what_torch_can_get(gpu, monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (8 * 2**30, 80 * 2**30))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 6 * 2**30)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 2 * 2**30)

    assert resolve_memory_limit(None, GPU) == 3 * 2**30
    assert resolve_memory_limit(5, GPU) == 5


def test_a_report_waits_for_the_gpu_and_a_search_does_not(gpu, monkeypatch):
    waited = []
    monkeypatch.setattr(torch.cuda, "synchronize", waited.append)
    model = NearestNeighbors(5, device="cuda").fit(X)
    model.kneighbors(Q)
    assert waited == []
    report = model.search_report(Q)
    assert set(waited) == {GPU}
    assert set(report.seconds) >= {"multiply", "minima", "exclude", "refine"}


@pytest.mark.parametrize(
    "make", [KNNClassifier, partial(SimilarityRegressor, gamma="scale")], ids=["KNNClassifier", "SimilarityRegressor"]
)
def test_a_model_of_a_gpu_is_loaded_there_or_where_there_is_none(make):
    y = (X[:300, 0] > 0).astype(int)
    expected = make(device="cpu").fit(X[:300], y).predict(Q)
    with PretendedGpu():
        model = make(device="cuda").fit(torch.tensor(X[:300], device="cuda"), y)
        pickled = pickle.dumps(model)
        again = pickle.loads(pickled)
        placed = [value.device for value in vars(again).values() if isinstance(value, torch.Tensor)]
        assert placed and set(placed) == {GPU}
        np.testing.assert_allclose(again.predict(Q), expected, rtol=1e-9)
    elsewhere = pickle.loads(pickled)

    np.testing.assert_allclose(elsewhere.predict(Q), expected, rtol=1e-9)
    if make is KNNClassifier:
        there = "cuda" if torch.cuda.is_available() else "cpu"
        assert {part.device.type for part in elsewhere.kneighbors()} == {there}


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_of_a_model_of_a_gpu_is_like_it(gpu, copied):
    asked = torch.device("cuda", 1)
    model = NearestNeighbors(3, device=asked).fit(torch.tensor(X[:300], device="cuda:0"))
    again = copied(model)

    assert again.get_params() == model.get_params()
    assert again._rows.device == asked
    for one in (model, again):
        assert {part.device for part in one.kneighbors()} == {GPU}
    np.testing.assert_array_equal(again.kneighbors()[1].cpu(), model.kneighbors()[1].cpu())


def test_a_pretended_gpu_refuses_what_a_gpu_refuses(gpu):
    """Or the tests above would show nothing."""
    there, here = torch.ones(2, 2, device="cuda"), torch.ones(2, 2)
    with pytest.raises(RuntimeError, match="all tensors to be on the same device"):
        there + here
    with pytest.raises(TypeError, match="can't convert cuda"):
        there.numpy()
    with pytest.raises(RuntimeError, match="invalid device ordinal 7"):
        there.to("cuda:7")
    with pytest.raises(RuntimeError, match="greater than 16"):
        torch._int_mm(there.to(torch.int8), there.to(torch.int8))
    assert (there + 1).device == there.to("cuda").device == GPU
    assert there.to("cuda:1").device == torch.device("cuda", 1)
    assert there.cpu().device == here.device
    before = gpu.allocated
    more = there.repeat(100, 1)
    assert gpu.allocated == before + 4 * 400
    del more
    assert gpu.allocated == before


def test_the_memory_that_is_named_for_a_cholesky_factor_is_enough_on_a_gpu(gpu):
    y = X[:300, 0]
    with pytest.warns(ConvergenceWarning) as warned:
        model = SimilarityRegressor(gamma="scale", jitter=1e-3, solver="cg", rank=5, max_iter=2, device="cuda")
        model.fit(X[:300], y)
    for one in warned:
        limit = int(str(one.message).split("solver='cholesky' and memory_limit=")[1].split(",")[0].split(";")[0])
        assert model.set_params(solver="cholesky", memory_limit=limit, rank=None, max_iter=None).fit(X[:300], y)
