"""The forecast of a search on many workers: what can be counted by hand, and how it grows."""

from dataclasses import replace

import pytest

from benchmarks.scale_model import Costs, Plan, shard_seconds, simulate

COSTS = Costs(read=1e-7, index=1e-6, search=(0.01, 1e-5, 0.0, 2e-9), merge=1e-7, task=1e-3, bytes_a_second=1e9)
PLAN = Plan(n_rows=640_000, n_queries=100, k=10, shard_rows=10_000, n_workers=1, is_resident=True)


def test_one_worker_does_all_tasks_one_after_the_other():
    forecast = simulate(COSTS, PLAN)
    n_merged = 64 - 1  # every shard but one is merged into another
    of_shards, of_merges = 64 * shard_seconds(COSTS, PLAN), n_merged * COSTS.merge * 100 * 10
    sent = (4 * 100 * 96 + 16 * 100 * 10) / 1e9

    assert forecast.worker == pytest.approx(of_shards + of_merges)
    assert forecast.client_line == pytest.approx(sent)
    # the first task and the last merge wait until they are handed out
    assert forecast.total == pytest.approx(of_shards + of_merges + sent + 2 * COSTS.task)


def test_shards_that_are_not_kept_are_read_and_indexed_each_time():
    again = replace(PLAN, is_resident=False)

    assert shard_seconds(COSTS, again) - shard_seconds(COSTS, PLAN) == pytest.approx(10_000 * (1e-7 + 1e-6))


def test_more_workers_take_less_time_until_the_scheduler_is_the_limit():
    totals = [simulate(COSTS, replace(PLAN, n_workers=n)).total for n in (1, 2, 4, 64)]

    assert totals == sorted(totals, reverse=True)
    assert totals[0] > 1.9 * totals[1]
    assert totals[-1] > 64 * COSTS.task
