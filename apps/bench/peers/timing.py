"""What the peers share: the sizes of the rows, timing in blocks, and the form of the results."""
import argparse
import json
import os
import statistics
import threading
import time


def arguments(default_out):
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", default=default_out)
    parser.add_argument("--only", default="")
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--seconds", type=float, default=110)
    parser.add_argument("--block", type=float, default=150, help="milliseconds of a block")
    parser.add_argument("--compile", action="store_true", help="PyTorch: torch.compile in place of eager mode")
    return parser.parse_args()


def spent(run, wait, runs):
    """Milliseconds on the clock and of the processor for so many runs, handed over one after the other."""
    used, start = time.process_time(), time.perf_counter()
    for _ in range(runs):
        run()
    wait()
    return (time.perf_counter() - start) * 1000, (time.process_time() - used) * 1000


def time_job(run, wait, block_ms):
    """Milliseconds of a run: the median of five blocks, each of runs handed over one after the other."""

    def block(runs):
        return spent(run, wait, runs)[0]

    block(1)
    block(1)
    runs = 1
    total = block(runs)
    while total < block_ms / 2 and runs < 4096:
        runs = min(4096, max(runs * 2, int(runs * block_ms / max(total, 0.01))))
        total = block(runs)
    return statistics.median(block(runs) for _ in range(5)) / runs


def sizes(widths):
    return "-".join(str(width) for width in widths)


def rows(tiny):
    """(name, kind, arguments, flops or None), as in src/gpu/rows.ts."""
    result = []
    for n in [64] if tiny else [1024, 2048, 4096, 8192]:
        for form in ["A·B", "A·Bᵀ", "Aᵀ·B"]:
            result.append((f"{form}, n = {n}", "product", (form, n), 2 * n**3))
    for width in [16] if tiny else [64, 256, 1024, 2048]:
        for batch in [32] if tiny else [1024, 8192, 65536]:
            widths = [3, width, width, width, 1]
            flops = sum((4 if i == 0 else 6) * batch * a * b for i, (a, b) in enumerate(zip(widths, widths[1:])))
            result.append((f"regression step, {sizes(widths)}, batch {batch}", "regression", (widths, batch), flops))
    nested = [([3, 16, 1], 32)] if tiny else [
        ([3, 64, 64, 1], 256),
        ([3, 256, 256, 256, 1], 1024),
        ([3, 512, 512, 512, 512, 1], 16384),
    ]
    for widths, batch in nested:
        result.append((f"eikonal step, {sizes(widths)}, batch {batch}", "eikonal", (widths, batch), None))
        square = [*widths[:-1], 3]
        result.append((f"divergence step, {sizes(square)}, batch {batch}", "divergence", (square, batch), None))
    graphs, nodes, channels = (2, 4, 8) if tiny else (64, 32, 128)
    name = f"graph block step, batch {graphs}, n {nodes}, d {channels}"
    result.append((name, "graph", (graphs, nodes, channels), None))
    points, steps, width = (64, 3, 16) if tiny else (100_000, 100, 256)
    name = f"sampling, {points} points, {steps} midpoint steps, width {width}"
    flops = 2 * steps * points * 2 * (3 * width + 2 * width * width + 2 * width)
    result.append((name, "sampling", (points, steps, width), flops))
    return result


def cost(row):
    """Rows that say most for the least come first: by kind of compilation, then by work."""
    _, kind, _, flops = row
    kinds = ["regression", "eikonal", "divergence", "graph", "product", "sampling"]
    return (flops or 0) > 1e12, kinds.index(kind) >= 3, flops or 0


def measure(options, library, device, jobs, wait):
    """Times every row; jobs[kind](*arguments) sets one up and gives the function that runs it. Each result is written when
    it is there, and the process ends soon after `--seconds`, be a row under way."""
    began = time.perf_counter()
    chosen = [row for row in rows(options.tiny) if options.only in row[0]]
    results = {row[0]: {"name": row[0], "ms": None, "error": "no time left"} for row in chosen}

    def write():
        with open(options.out, "w") as file:
            json.dump({"library": library, "device": device, "rows": list(results.values())}, file, indent=1)

    write()
    watch = threading.Timer(options.seconds + 15, os._exit, [0])
    watch.daemon = True
    watch.start()
    for name, kind, args, flops in sorted(chosen, key=cost):
        if time.perf_counter() - began > options.seconds:
            break
        row = {"name": name, "ms": None}
        started = time.perf_counter()
        try:
            row["ms"] = time_job(jobs[kind](*args), wait, options.block)
            if flops:
                row["tflops"] = flops / row["ms"] / 1e9
        except Exception as error:  # A row that fails must not end the others.
            row["error"] = str(error).split("\n")[0][:200]
        row["seconds"] = round(time.perf_counter() - started, 2)
        results[name] = row
        write()
        said = row.get("error") or f"{row['ms']:.4g} ms {row.get('tflops', 0):.2f} TFLOP/s, {row['seconds']} s in all"
        print(name.ljust(60), said, flush=True)
    watch.cancel()
