"""Tensors that are not a plain block of real numbers are refused by name, with advice that works."""

from functools import partial

import numpy as np
import pytest
import torch
from torch.masked import masked_tensor

import reference
from accelerated import NearestNeighbors, SimilarityRegressor

X = np.random.default_rng(0).integers(0, 2, (40, 6))
Q = np.random.default_rng(1).integers(0, 2, (7, 6))
Y = X[:, 0] + X[:, 1]
PACKAGES = pytest.mark.parametrize(
    "package", [NearestNeighbors, reference.NearestNeighbors], ids=["accelerated", "reference"]
)


def stored(dtype):
    """A tensor of a type that may have no conversion from others."""
    return lambda rows: torch.zeros(rows.shape, dtype=torch.uint8).view(dtype)


def quantized(rows):
    return torch.quantize_per_tensor(torch.tensor(rows).float(), 1.0, 0, torch.qint8)


def quantized_by_column(rows):
    return torch.quantize_per_channel(torch.tensor(rows).float(), torch.ones(6), torch.zeros(6), 1, torch.qint8)


def nested(rows, layout):
    return torch.nested.nested_tensor([torch.tensor(row) * 1.0 for row in rows], layout=layout)


def fake(rows):
    with torch._subclasses.FakeTensorMode():
        return torch.ones(rows.shape)


class Strict(torch.Tensor):
    """A subclass that answers no question."""

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        raise RuntimeError("not today")


EIGHT_BITS = [name for name in dir(torch) if name.startswith("float8")]
ONLY_STORED = ["int1", "int4", "int7", "uint1", "uint3", "uint7", "bits8", "bits2x4", "float4_e2m1fn_x2"]
REFUSED = {  # how it is made, the error, a part of the message, and what to do about it
    **{name: (lambda rows, name=name: torch.tensor(rows).float().to(getattr(torch, name)), TypeError,
              f"X has dtype {name}: pass X.float()", torch.Tensor.float) for name in EIGHT_BITS},
    **{name: (stored(getattr(torch, name)), TypeError, f"X has dtype {name}, which torch stores", None)
       for name in ONLY_STORED if hasattr(torch, name)},
    "quantized": (quantized, TypeError, "X is quantized, qint8: pass X.dequantize()", torch.Tensor.dequantize),
    "quantized by column": (quantized_by_column, TypeError, "X is quantized, qint8",
                            torch.Tensor.dequantize),
    "meta": (lambda rows: torch.empty(rows.shape, device="meta"), TypeError, "X is on the device meta", None),
    "nested": (partial(nested, layout=torch.strided), TypeError, "X.to_padded_tensor(0.0)",
               lambda bad: bad.to_padded_tensor(0.0)),
    "jagged": (partial(nested, layout=torch.jagged), TypeError, "X is nested", lambda bad: bad.to_padded_tensor(0.0)),
    **{f"sparse {layout}": (lambda rows, layout=layout: getattr(torch.tensor(rows), f"to_sparse_{layout}")(),
                            TypeError, f"the layout sparse_{layout}, a sparse tensor: pass X.to_dense()",
                            torch.Tensor.to_dense) for layout in ("coo", "csr", "csc")},
    "of MKL-DNN": (lambda rows: torch.tensor(rows).float().to_mkldnn(), TypeError,
                   "X has the layout _mkldnn: pass X.to_dense()", torch.Tensor.to_dense),
    "complex32": (lambda rows: torch.tensor(rows).to(torch.complex32), ValueError, "Complex data not supported", None),
    "complex64": (lambda rows: torch.tensor(rows) + 0j, ValueError, "Complex data not supported: X has", None),
    "a conjugate": (lambda rows: (torch.tensor(rows) + 0j).conj(), ValueError, "Complex data not supported", None),
    "masked": (lambda rows: masked_tensor(torch.tensor(rows), torch.tensor(rows == rows)), TypeError,
               "X is a MaskedTensor", None),
    "fake": (fake, TypeError, "X is a FakeTensor", None),
    "without numbers": (lambda rows: torch.nn.UninitializedParameter(), TypeError, "X is a UninitializedParam", None),
    "mute": (lambda rows: torch.tensor(rows).as_subclass(Strict), TypeError, "X is a Strict, which", None),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.filterwarnings("ignore")  # of torch about many of these types, which it calls prototypes
def test_odd_tensors_are_refused_by_name_at_fit_and_at_query_with_advice_that_works(kind):
    make, error, message, advised = REFUSED[kind]
    for model, y in ((NearestNeighbors(4), None), (reference.NearestNeighbors(4), None), (SimilarityRegressor(), Y)):
        with pytest.raises(error) as at_fit:
            model.fit(make(X), y)
        model.fit(X, y)
        ask = model.kneighbors if y is None else model.predict
        expected = ask(Q)
        with pytest.raises(error) as at_query:
            ask(make(Q))

        assert message in str(at_fit.value) and message in str(at_query.value)
        np.testing.assert_array_equal(ask(Q), expected)
    if advised:
        found = NearestNeighbors(4).fit(advised(make(X))).kneighbors(advised(make(Q)))
        np.testing.assert_array_equal(found, NearestNeighbors(4).fit(X).kneighbors(Q))


@pytest.mark.parametrize("transform", [torch.func.grad, torch.vmap])
@PACKAGES
def test_tensors_inside_transforms_of_functions_are_refused(transform, package):
    model, queries = package(4).fit(X), torch.tensor(Q, dtype=torch.float64)
    for call in (lambda q: model.kneighbors(q)[0], lambda q: package(1).fit(q)):
        with pytest.raises(TypeError, match=r"torch.func.grad or torch.vmap.*X.requires_grad_.. and backward"):
            transform(call)(queries)
