"""Learn MNIST until 97.5 % of the test images are right, as a whole process: import to answer.

A network 784-256-128-10, relu, Adam 1e-3, batches of 128; all libraries from the same weights, in
the same order. MNIST's four files are looked for in --data, or where $CHAINRULE_DATA says.
"""
# SPDX-License-Identifier: BSD-3-Clause

import argparse
import gzip
import importlib.util
import json
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path
from time import perf_counter

PEERS = ["chainrule", "torch", "jax-scan", "sklearn"]
ACCURACY = 0.975
MOST_EPOCHS = 30
FILES = {
    "train": ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
    "test": ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
}


def load(folder, part):
    """Return images (n, 784) float32 from 0 to 1, and labels (n,): without a second copy."""
    import numpy as np

    images, labels = (Path(folder, name) for name in FILES[part])
    with gzip.open(labels) as file:
        y = np.frombuffer(file.read(), np.uint8, offset=8).astype(np.int64)
    x = np.empty((len(y), 784), np.float32)
    with gzip.open(images) as file:
        file.read(16)
        for i in range(0, len(x), 1000):
            some = np.frombuffer(file.read(784 * 1000), np.uint8).reshape(-1, 784)
            np.multiply(some, np.float32(1 / 255), out=x[i : i + 1000])
    return x, y


def run(peer, folder):
    """Learn with one library; return epochs and accuracy."""
    import numpy as np

    from chainrule.bench import PEERS as KINDS
    from chainrule.bench import Workload

    module, kind = KINDS[peer]
    library = importlib.import_module(f"chainrule.bench.peers.{module}")
    x, y = load(folder, "train")
    x_test, y_test = load(folder, "test")
    batch = 128
    n = len(x) // batch * batch  # whole batches only: JAX compiles for each size
    workload = Workload(
        "mnist", (784, 256, 128, 10), batch, "relu", "cross_entropy", "Adam", n // batch
    )
    net = library.training_step(workload, workload.with_samples(x[:n], y[:n]), kind)
    rng = np.random.default_rng(0)
    accuracy = 0.0
    epochs = 0
    while accuracy < ACCURACY and epochs < MOST_EPOCHS:
        epochs += 1
        net.train(net.prepare(rng.permutation(n)[None]))
        accuracy = float(np.mean(net.predict(x_test).argmax(axis=1) == y_test))
    return {"epochs": epochs, "accuracy": accuracy, "megabytes": peak_memory()}


def peak_memory():
    """Return the most memory that this process had, in MB.

    Not what `resource` says where Linux tells more: that begins with the memory of the parent.
    """
    try:
        status = Path("/proc/self/status").read_text()
        return int(re.search(r"VmHWM:\s*(\d+) kB", status)[1]) * 1024 / 1e6
    except OSError:
        import resource

        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def child(peer, folder):
    """Run a library in a process of its own: seconds, peak memory and what it learnt."""
    code = f"import sys; sys.path[:] = {sys.path!r}; import json, whole_process; "
    code += f"print(json.dumps(whole_process.run({peer!r}, {str(folder)!r})))"
    start = perf_counter()
    process = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True
    )
    seconds = perf_counter() - start
    return {"peer": peer, "seconds": seconds, **json.loads(process.stdout.splitlines()[-1])}


def measure(peers=PEERS, folder=None, rounds=2):
    """Run all installed libraries in turn, and return the best and the median of each."""
    folder = folder or os.environ.get("CHAINRULE_DATA")
    if not folder or not Path(folder, FILES["train"][0]).is_file():
        raise SystemExit("MNIST is not there: give --data, or set CHAINRULE_DATA")
    modules = {"chainrule": "chainrule", "jax-scan": "jax"}
    peers = [peer for peer in peers if importlib.util.find_spec(modules.get(peer, peer))]
    runs = {peer: [] for peer in peers}
    for _ in range(rounds):
        for peer in peers:
            runs[peer].append(child(peer, folder))
            last = runs[peer][-1]
            print(
                f"{peer:12} {last['seconds']:6.2f} s  {last['epochs']:2} epochs  "
                f"{last['accuracy']:.2%}  {last['megabytes']:5.0f} MB",
                flush=True,
            )
    return [
        min(each, key=lambda r: r["seconds"])
        | {"median": statistics.median(r["seconds"] for r in each)}
        for each in runs.values()
    ]


def main():
    """Read the arguments, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", nargs="+", choices=[*PEERS, "numpy", "jax"], default=PEERS)
    parser.add_argument("--data", help="the folder of MNIST's files")
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    import tables

    results = measure(arguments.peers, arguments.data, arguments.rounds)
    print("\n" + tables.text(tables.whole_process({"whole_process": results})))


if __name__ == "__main__":
    main()
