"""The constants that decide on time: values to compare, and the searches or regressions that depend on them."""

from accelerated.search.sizes import CPU_SIZES, GPU_SIZES
from benchmarks.study_cases import (
    Study,
    categories,
    each,
    flat,
    lattice,
    limited,
    mostly_twins,
    nearly_whole,
    normal,
    of,
    partly_twins,
    tight,
    twins,
    uniform,
)

USUAL = [(20_000, 500, 64)]
LOOSE_AND_TIGHT = [{"metric": "manhattan", "filter": "float32"}, {"k": 5}, {"k": 100}]
SMALL = [(1000, 10, 16), (4000, 10, 16), (4000, 40, 16), (4000, 160, 16)]
FEW_FEATURES = [(n, q, 3) for n in (1000, 10_000, 100_000) for q in (1, 4, 16)]
STUDIES = {
    "FEWEST_FOR_NEAR": Study(
        of("FEWEST_FOR_NEAR", 2**14, 2**12, 2**13, 2**16),
        lambda: each(normal, [(n, 1, d) for n in (250, 1000, 4000) for d in (12, 40)]),
    ),
    "MOST_BOUNDS": Study(
        of("MOST_BOUNDS", 2**18, 2**14, 2**16, 2**20),
        lambda: each(normal, [(n, q, 20) for n in (1500, 10_000, 50_000) for q in (4, 16, 64)]),
    ),
    "MOST_FOR_NEAR": Study(
        of("MOST_FOR_NEAR", 2**26, 2**23, 2**25, 2**27),
        lambda: [
            *each(normal, [(n, q, d) for n, d in ((100_000, 20), (60_000, 64), (8000, 784)) for q in (1, 4)]),
            *normal(100_000, 1, 64),
        ],
    ),
    "SMALL_SEARCH_BY_TREE": Study(of("SMALL_SEARCH_BY_TREE", 2**15, 2**13, 2**17), lambda: each(normal, FEW_FEATURES)),
    "SMALL_SEARCH": Study(of("SMALL_SEARCH", 2**20, 2**16, 2**18, 2**22, 2**24), lambda: each(normal, SMALL)),
    "FEWEST_FOR_A_WORKER": Study(
        of("FEWEST_FOR_A_WORKER", 32, 8, 128),
        lambda: each(normal, [(20_000, n, 64) for n in (20, 40, 100, 200)]),
    ),
    "FEWEST_ROWS_FOR_A_WORKER": Study(
        of("FEWEST_ROWS_FOR_A_WORKER", 2**12, 2**10, 2**14, 2**16),
        lambda: each(normal, [(n, 8, 64) for n in (4000, 16_000, 60_000)]),
    ),
    "COPIED_NUMBERS": Study(
        of("COPIED_NUMBERS", 2**20, 2**16, 2**18, 2**30),
        lambda: each(normal, [(n, 1, 64) for n in (4000, 16_000, 100_000)], with_fit=True),
    ),
    "PREPARED_NUMBERS": Study(
        of("PREPARED_NUMBERS", 2**19, 2**17, 2**18, 2**20, 2**21),
        lambda: each(normal, [(200_000, 1, 96), (60_000, 1, 784)], with_fit=True, metric="cosine"),
    ),
    "ROWS_FOR_A_NEIGHBOR": Study(
        of("ROWS_FOR_A_NEIGHBOR", 2**9, 2**6, 2**11), lambda: each(normal, [(100_000, 500, 64)], k=100)
    ),
    "SHORT_BLOCK": Study(of("SHORT_BLOCK", 2**13, 2**11, 2**12, 2**14, 2**15), lambda: limited(160_000, 1000, 128)),
    "AHEAD": Study(of("AHEAD", 2, 1, 4), lambda: each(normal, [(20_000, 4000, 32)])),
    "FEWEST_ROWS": Study(
        of("FEWEST_ROWS", 256, 64, 1024, 4096), lambda: each(normal, [(n, 2**16, 16) for n in (128, 512, 2048)])
    ),
    "FEWEST_NUMBERS": Study(
        of("FEWEST_NUMBERS", 2**13, 2**11, 2**15, 2**17),
        lambda: each(normal, [(n, 2000, d) for n in (40, 100, 200) for d in (16, 64, 784)], with_fit=True),
    ),
    "TREE_EXPONENT": Study(
        of("TREE_EXPONENT", -1, -5, -3, 1, 3),
        lambda: each(normal, [(2 ** (2 * d), 500, d) for d in (6, 7, 8, 9)], with_fit=True),
    ),
    "LEAST_GAIN": Study(
        of("LEAST_GAIN", 1.5, 1.0, 3.0), lambda: each(flat, [(60_000, 1000, d) for d in (32, 64, 256)], with_fit=True)
    ),
    "FEWEST_TO_SHORTEN": Study(
        of("FEWEST_TO_SHORTEN", 2**22, 2**18, 2**20, 2**24),
        lambda: each(flat, [(n, 1000, 256) for n in (1000, 4000, 16_000, 64_000)], with_fit=True),
    ),
    "BOXES_EXPONENT": Study(
        of("BOXES_EXPONENT", 10, 6, 8, 12), lambda: each(normal, [(100_000, 10_000, d) for d in (1, 2, 3)])
    ),
    "FEWEST_FOR_A_FILTER": Study(
        of("FEWEST_FOR_A_FILTER", 16, 1, 4, 64),
        lambda: each(tight, [(20_000, n, 32) for n in (2, 4, 8, 15, 32)], filter="bfloat16"),
    ),
    "N_TRIED": Study(of("N_TRIED", 16, 4, 64, 256), lambda: each(tight, [(20_000, 1000, 32)], filter="bfloat16")),
    "POOR": Study(of("POOR", 16, 2, 4, 64), lambda: each(mostly_twins, [(20_000, 2000, 32)], filter="float32")),
    "N_SKIPPED": Study(of("N_SKIPPED", 7, 0, 1, 3, 15), lambda: each(twins, [(5000, 4000, 32)], filter="float32")),
    "CPU_PAIRS": Study(
        of("CPU_PAIRS", 2**15, 2**12, 2**14, 2**16, 2**18),
        lambda: each(normal, [(20_000, 50, 64)], filter="exhaustive"),
    ),
    "MOST_ONE_BY_ONE": Study(
        of("MOST_ONE_BY_ONE", 4, 0, 1, 8, 16),
        lambda: each(normal, [(n, q, 10) for n in (100, 1000) for q in (2, 4, 8)]),
    ),
    "GAPS_IN_CACHE": Study(
        of("GAPS_IN_CACHE", 2**16, 2**13, 2**15, 2**17),
        lambda: each(normal, [(n, 1, d) for n in (10_000, 100_000) for d in (3, 10, 64)], filter="exhaustive"),
    ),
    "FEWEST_BY_ROW": Study(
        of("FEWEST_BY_ROW", 16, 1, 8, 32),
        lambda: each(normal, [(n, 1, d) for n in (1000, 10_000) for d in (4, 12, 20)], filter="exhaustive"),
    ),
    "MOST_PASSES": Study(
        of("MOST_PASSES", 16, 0, 4, 64),
        lambda: [case for k in (5, 12, 24) for case in each(normal, [(30, 10_000, 2), (5000, 100, 8)], k=k)],
    ),
    "BLOCK_ROWS": Study(
        of("BLOCK_ROWS", 1024, 256, 512, 2048, 8192), lambda: each(normal, [(20_000, 50, 64)], filter="exhaustive")
    ),
    "KEPT_SHARE": Study(of("KEPT_SHARE", 16, 4, 8, 64), lambda: each(normal, [(20_000, 500, 300)])),
    "ROWS_OF_A_BLOCK": Study(
        of("CPU_SIZES", *(CPU_SIZES._replace(rows=n) for n in (2**14, 2**12, 2**16, 2**18))),
        lambda: each(normal, [(400_000, 200, 32)]),
    ),
    "GPU_SIZES": Study(
        of(
            "GPU_SIZES",
            GPU_SIZES,
            *(GPU_SIZES._replace(rows=rows, bounds=2**30) for rows in (2**18, 2**20)),
            *(GPU_SIZES._replace(gaps=gaps) for gaps in (2**23, 2**27)),
        ),
        lambda: each(normal, [(1_000_000, 10_000, 128), (60_000, 10_000, 784)]),
    ),
    "ENCODED_ROWS": Study(
        of("ENCODED_ROWS", 2**14, 2**10, 2**12, 2**16), lambda: each(tight, [(50_000, 300, 64)], filter="bfloat16")
    ),
    "CPU_SIZES": Study(
        [
            {"CPU_SIZES": CPU_SIZES},
            *(
                {"CPU_SIZES": CPU_SIZES._replace(**{name: int(getattr(CPU_SIZES, name) * factor)})}
                for name in CPU_SIZES._fields
                for factor in (1 / 4, 4)
            ),
        ],
        lambda: each(normal, [(60_000, 1000, 128)], with_fit=True),
    ),
    "WIDE": Study(
        of("WIDE", 128, 32, 512), lambda: each(normal, [(100_000, 1000, d) for d in (32, 128, 512)], with_fit=True)
    ),
    "CLAMPED": Study(
        of("CLAMPED", 1 / 512, 1 / 4096, 1 / 128, 1 / 32),
        lambda: each(normal, [(60_000, 500, d) for d in (32, 128, 784)], filter="uint8", with_fit=True),
    ),
    "FANOUT": Study([{"FANOUT": n, "UPPER": n * n} for n in (8, 4, 16)], lambda: each(normal, USUAL)),
    "LANES": Study(of("LANES", 32, 8, 16, 64), lambda: each(normal, [(60_000, 250, 32)])),
    "LEAF": Study(of("LEAF", 32, 8, 16, 64), lambda: each(normal, [(50_000, 1000, d) for d in (2, 3, 5, 8)])),
    "WIDER": Study(
        of("WIDER", (8, 64), (8,), (64,), (2, 8, 32), ()), lambda: each(lattice, [(50_000, 1000, 2)], filter="tree")
    ),
    **{
        name: Study(of(name, *values), lambda: each(normal, [(50_000, 5000, 2)], filter="boxes"))
        for name, values in {
            "MOST_IN_BLOCK": (64, 16, 32, 128),
            "OPEN_SHARE": (4, 1, 16),
            "MOST_NEAR": (256, 64, 1024, 4096),
            "GPU_GAPS": (2**26, 2**22, 2**24, 2**28),
        }.items()
    },
    "SMALL_SEARCH_BY_BITMAPS": Study(
        of("SMALL_SEARCH_BY_BITMAPS", 2**16, 2**12, 2**14, 2**18),
        lambda: [
            case
            for d in (64, 2000)
            for case in each(normal, [(n, q, d) for n in (300, 5000) for q in (1, 4, 16)], metric="chebyshev")
        ],
    ),
    **{
        name: Study(of(name, *values), lambda: each(normal, USUAL, metric="chebyshev", with_fit=True))
        for name, values in {
            "N_CUTS": (32, 16, 24, 48, 64),
            "FIRST_ROWS": (512, 128, 256, 1024),
            "MOST_ROWS": (2**14, 2**13, 2**15),
            "WIDEST": (2.5, 2.0, 3.0),
            "PART_STEP": (8, 4, 16),
            "TOGETHER": (512, 128, 256),
        }.items()
    },
    "N_LINES": Study(of("N_LINES", 3, 2, 4), lambda: each(normal, USUAL, metric="manhattan", filter="float32")),
    "MORE_GUESSED": Study(
        of("MORE_GUESSED", 8, 0, 4, 16),
        lambda: [case for how in LOOSE_AND_TIGHT for case in each(normal, USUAL, **how)],
    ),
    "N_INTERVALS": Study(of("N_INTERVALS", 8, 4, 16), lambda: each(normal, USUAL, metric="manhattan", filter="int8")),
    "ROOM": Study(of("ROOM", 1.25, 1.0, 1.5, 2.0), lambda: each(normal, USUAL, metric="manhattan", filter="int8")),
    "MOST_VALUES": Study(
        of("MOST_VALUES", 8, 4, 16),
        lambda: [case for n in (2, 4, 8, 16) for case in each(categories, USUAL, n_values=n)],
    ),
    "MOST_NEVER_EXCLUDED": Study(of("MOST_NEVER_EXCLUDED", 16, 0, 4), lambda: each(nearly_whole, USUAL)),
    "MOST_ROWS_OF_RAW": Study(
        of("MOST_ROWS_OF_RAW", 2**11, 2**9, 2**10, 2**12),
        lambda: each(normal, [(n, 5000, d) for n in (300, 600, 1200, 2400) for d in (16, 64)], with_fit=True),
    ),
    "MOST_BYTES_OF_RAW": Study(
        of("MOST_BYTES_OF_RAW", 2**22, 2**20, 2**24),
        lambda: each(normal, [(n, 1000, d) for n in (300, 600, 1000) for d in (200, 800, 2000)], with_fit=True),
    ),
    "FEWEST_NUMBERS_OF_RAW": Study(
        of("FEWEST_NUMBERS_OF_RAW", 2**8, 2**6, 2**7, 2**10),
        lambda: each(normal, [(n, 20_000, d) for n in (20, 40, 100) for d in (2, 4, 8)], with_fit=True),
    ),
    "SMALL_SEARCH_OF_RAW": Study(
        of("SMALL_SEARCH_OF_RAW", 2**17, 2**15, 2**16, 2**18, 2**20),
        lambda: each(normal, [(n, q, 16) for n in (50, 200, 800) for q in (20, 100, 400)]),
    ),
    "MOST_SAMPLED": Study(
        of("MOST_SAMPLED", 2**20, 2**22, 2**24),
        lambda: each(normal, [(200, 50, 100_000), (500, 200, 20_000)], with_fit=True),
    ),
    "N_SAMPLED": Study(of("N_SAMPLED", 512, 64, 4096), lambda: each(normal, USUAL, with_fit=True)),
    "N_COMPARED": Study(of("N_COMPARED", 64, 8, 512), lambda: each(normal, USUAL, with_fit=True)),
    "FEWEST_GROUPED": Study(
        of("FEWEST_GROUPED", 2**14, 2**12, 2**17, 2**19),
        lambda: [
            case
            for cases in (normal, twins)
            for case in each(cases, [(n, 100, 16) for n in (500, 4000)], with_fit=True)
        ],
    ),
    "FEWEST_REPEATED": Study(
        of("FEWEST_REPEATED", 1 / 16, 1 / 256, 1 / 4), lambda: each(partly_twins, USUAL, with_fit=True)
    ),
    "FEATURES_LOOKED_AT": Study(of("FEATURES_LOOKED_AT", 8, 1, 64), lambda: each(normal, USUAL, with_fit=True)),
    "HASHED_NUMBERS": Study(
        of("HASHED_NUMBERS", 2**17, 2**13, 2**15, 2**19), lambda: each(twins, [(60_000, 10, 64)], with_fit=True)
    ),
    "TILE": Study(of("TILE", 512, 128, 256, 1024, 2048), lambda: uniform(8000, 1, solver="cg")),
    "GPU_TILE": Study(of("GPU_TILE", 4096, 1024, 2048, 8192), lambda: uniform(50_000, 1, solver="cg", gamma="scale")),
    "GPU_ROWS": Study(of("GPU_ROWS", 8192, 1024, 4096, 32768), lambda: uniform(50_000, 1, solver="cg", gamma="scale")),
    "PAIRS": Study(of("PAIRS", 2**17, 2**13, 2**15, 2**19, 2**21), lambda: uniform(8000, 5000, with_fit=False)),
    **{
        name: Study(of(name, *values), lambda: uniform(100_000, 5000, with_fit=False))
        for name, values in {"GPU_QUERIES": (4096, 256, 1024), "GPU_PAIRS": (2**24, 2**20, 2**22, 2**26)}.items()
    },
    "STEP": Study(
        of("STEP", 512, 128, 256, 1024), lambda: uniform(8000, 1, solver="cholesky")
    ),  # of two threads or more
    "SOLVED_BLOCK": Study(of("SOLVED_BLOCK", 2048, 512, 1024, 4096), lambda: uniform(8000, 1, solver="blocks")),
}
