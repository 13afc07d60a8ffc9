"""docs/surprises.md has lines that print in other libraries what it says that they print."""

import pytest

from conformance.claims import BY_NAME
from conformance.surprises import PAGE, SURPRISES, section
from conformance.targets.peers import PEERS


@pytest.mark.parametrize("surprise", SURPRISES, ids=lambda surprise: surprise.title)
def test_the_page_has_what_the_lines_print(surprise):
    peer = PEERS[surprise.peer]
    if not peer.is_installed:
        pytest.skip(peer.absence)

    assert section(surprise) in PAGE.read_text(), "python -m conformance.surprises --write"


@pytest.mark.parametrize("surprise", SURPRISES, ids=lambda surprise: surprise.title)
def test_a_surprise_was_found_by_a_claim_that_does_not_hold_for_the_library(surprise):
    assert surprise.claim in BY_NAME
    assert surprise.claim in PEERS[surprise.peer].known
    assert surprise.code.strip() in PAGE.read_text()
    assert 3 <= len(surprise.code.strip().splitlines()) <= 7
