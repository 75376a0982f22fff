"""A short attack of every kind; `make faults` goes on for longer. About 20 s on two idle cores."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "faults"))
import campaign


def test_every_promise_is_kept(programs):
    promises = list(
        campaign.attack(programs, seed=1, inspect=150, run=8, injections=len(campaign.INJECTIONS))
    )
    assert len(promises) == 5
    assert all(promise.tries > 0 for promise in promises)
    assert not [failure for promise in promises for failure in promise.failures]
