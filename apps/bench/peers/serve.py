"""Runs JAX or PyTorch on the CPU and answers the bench on standard input and output, as src/remote/serve.ts does:

python3 serve.py jax|torch [threads]
"""
import json
import os
import sys

sys.dont_write_bytecode = True

LIBRARY = sys.argv[1]
THREADS = int(sys.argv[2]) if len(sys.argv) > 2 else 1
# Before the library counts the cores. Whoever gets one core gets one thread.
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-THREADS:])
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = str(THREADS)
os.environ["JAX_PLATFORMS"] = "cpu"


def answer(**said):
    print("answer " + json.dumps(said), flush=True)


try:
    import numpy as np

    from timing import spent

    if LIBRARY == "jax":
        import cpu_jax as peer
    else:
        import cpu_torch as peer
except ImportError as error:
    answer(missing=f"{error} (BENCH_PYTHON names a Python that has it)")
    sys.exit(0)


def unpacked(text, file):
    """JSON whose arrays lie in one block of bytes: {"f32": [start, count]}."""
    block = np.fromfile(file, dtype=np.uint8)

    def arrays(record):
        for name, dtype in (("f32", np.float32), ("i32", np.int32)):
            if name in record:
                start, count = record[name]
                return block[4 * start : 4 * (start + count)].view(dtype).copy()
        if "data" in record and "shape" in record:
            return record["data"].reshape(record["shape"])
        return record

    return json.loads(text, object_hook=arrays)


def packed(arrays, file):
    flat = [np.asarray(array, dtype=np.float32).reshape(-1) for array in arrays]
    np.concatenate(flat).tofile(file)
    start, places = 0, []
    for array in flat:
        places.append({"f32": [start, array.size]})
        start += array.size
    return json.dumps(places)


def arranged(structure, values):
    """The values of a list in the places that the structure gives them."""
    if isinstance(structure, dict):
        return {name: arranged(part, values) for name, part in structure.items()}
    if isinstance(structure, list):
        return [arranged(part, values) for part in structure]
    return values[structure]


def reply(request):
    ask = request["ask"]
    if ask == "start":
        problem = unpacked(request["json"], request["file"])
        job = None if request["byHand"] else peer.start(problem, arranged)
        if job:
            jobs[request["job"]] = job
        return {"takesPart": job is not None}
    if ask == "peak":
        raise ValueError("no peak is measured here")
    job = jobs[request["job"]]
    if ask == "block":
        elapsed, used = spent(job.run, job.wait, request["runs"])
        return {"elapsed": elapsed, "used": used}
    if ask == "outputs":
        return {"json": packed(job.outputs(), request["file"])}
    del jobs[request["job"]]
    return {}


jobs = {}
answer(version=peer.open_library(THREADS))
for line in sys.stdin:
    try:
        answer(**reply(json.loads(line)))
    except Exception as error:  # A row that fails must not end the others.
        answer(error=f"{type(error).__name__}: {error}".split("\n")[0][:300])
