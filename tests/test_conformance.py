"""The claims of ``conformance.checks``, drawn."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.checks import CHECKS


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.function.__name__)
def test_claim_holds(check):
    @settings(max_examples=check.effort * settings().max_examples)
    @given(case=check.strategy, data=st.data())
    def holds(case, data):
        check.function(case, data)

    holds()
