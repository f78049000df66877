"""The rows of src/routines.ts in NumPy (and SciPy, where it is there), on one thread.

Takes the names of rows as JSON on standard input; prints, as JSON, nanoseconds of an element and the mean of the results,
which tells whether both sides computed the same."""
import json
import os
import sys
import time

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np

try:
    from scipy import special
except ImportError:
    special = None

COUNT = 1_000_000


def spread(count, offset=0):
    """Numbers in [0, 1) that both sides make alike: multiples of the golden ratio, without their whole parts."""
    return np.modf((np.arange(count, dtype=np.float64) + 1 + offset) * 0.6180339887498949)[0]


U = spread(COUNT)
V = spread(COUNT, 500_000)
SIGNED = 6 * U - 3
I32 = np.floor(20_000 * U - 10_000).astype(np.int32)
DIVISORS = np.floor(50 * V + 1).astype(np.int32)
U32 = np.floor(4e9 * U).astype(np.uint32)
F32 = SIGNED.astype(np.float32)
POSITIVE = (20 * U).astype(np.float32)


def matrices(count, size):
    return (spread(count * size * size) * 2 - 1).reshape(count, size, size).astype(np.float32)


def definite(count, size):
    a = matrices(count, size)
    return a + a.swapaxes(1, 2) + 4 * size * np.eye(size, dtype=np.float32)


ROWS = {
    "exp, f64": lambda: np.exp(SIGNED),
    "log, f64": lambda: np.log(U),
    "sin, f64": lambda: np.sin(SIGNED),
    "tanh, f64": lambda: np.tanh(SIGNED),
    "pow, f64": lambda: np.power(U, SIGNED),
    "floor division, i32": lambda: np.floor_divide(I32, DIVISORS),
    "modulo, i32": lambda: np.mod(I32, DIVISORS),
    "floor division, u32": lambda: np.floor_divide(U32, DIVISORS.astype(np.uint32)),
    "running sum, f32": lambda: np.cumsum(POSITIVE),
    "running sum down columns, f32": lambda: np.cumsum(POSITIVE.reshape(1000, 1000), axis=0),
    "running logsumexp, f32": lambda: np.logaddexp.accumulate(F32),
    "sort, f32": lambda: np.sort(F32, kind="stable"),
    "sort 1000 rows, f32": lambda: np.sort(F32.reshape(1000, 1000), kind="stable"),
    "sort 100,000 rows, f32": lambda: np.sort(F32.reshape(100_000, 10), kind="stable"),
    "sort, i32": lambda: np.sort(I32, kind="stable"),
    "sort, f64": lambda: np.sort(SIGNED, kind="stable"),
    "argsort 1000 rows, f32": lambda: np.argsort(F32.reshape(1000, 1000), kind="stable"),
    "top 8 of 1000 rows, f32": lambda: -np.sort(np.partition(-F32.reshape(1000, 1000), 8)[:, :8]),
    "searchsorted in 1000, f32": lambda: np.searchsorted(np.linspace(-3, 3, 1000, dtype=np.float32), F32),
}
if special:
    ROWS.update(
        {
            "erf, f64": lambda: special.erf(SIGNED),
            "lgamma, f32": lambda: special.gammaln(POSITIVE),
            "digamma, f32": lambda: special.digamma(POSITIVE),
            "erfInv, f32": lambda: special.erfinv((1.99 * U - 0.995).astype(np.float32)),
        }
    )
for count, size in ((4096, 4), (512, 16), (8, 64)):
    label = f"{count} of {size}x{size}"
    a, spd = matrices(count, size), definite(count, size)
    ROWS[f"cholesky, {label}"] = lambda spd=spd: np.linalg.cholesky(spd)
    ROWS[f"solve, {label}"] = lambda spd=spd, a=a: np.linalg.solve(spd, a)
    ROWS[f"qr, {label}"] = lambda a=a: np.abs(np.linalg.qr(a)[1])
    ROWS[f"eigh, {label}"] = lambda spd=spd: np.linalg.eigh(spd)[0]
    ROWS[f"svd, {label}"] = lambda a=a: np.linalg.svd(a, full_matrices=False)[1]


def time_of(run, units):
    """Nanoseconds of processor time, the least of seven blocks of at least 30 ms."""
    run()
    start = time.thread_time()
    run()
    once = max(time.thread_time() - start, 1e-6)
    runs = max(1, int(0.03 / once) + 1)
    least = float("inf")
    for _ in range(7):
        start = time.thread_time()
        for _ in range(runs):
            run()
        least = min(least, (time.thread_time() - start) / runs)
    return least * 1e9 / units


results = {}
for row in json.load(sys.stdin):
    if row["name"] in ROWS:
        run = ROWS[row["name"]]
        mean = float(np.mean(np.asarray(run(), dtype=np.float64)))
        results[row["name"]] = {"ns": time_of(run, row["units"]), "mean": mean}
json.dump({"version": np.__version__, "rows": results}, sys.stdout)
