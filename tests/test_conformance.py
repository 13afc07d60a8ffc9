"""The claims of ``conformance.checks``, drawn."""

import pytest
from hypothesis import settings

from conformance.checks import CHECKS


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.function.__name__)
def test_claim_holds(check):
    check.run(draws=settings().max_examples)
