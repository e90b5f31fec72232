"""SciPy against braid::solve_assignment on the same matrices, one run each, one thread each.

Ends with a nonzero status on another objective, and where a ratio is lower than --at-least.
usage: python assignment_scipy.py ASSIGNMENT_BENCHMARK [--sizes 64 768 3072] [--at-least 1] [--folder KEPT]
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.special import erf

WIDTH = 768


def gelu(x):
    return 0.5 * x * (1 + erf(x / np.sqrt(2)))


def correlation(a, b):
    a = (a - a.mean(0)) / np.maximum(a.std(0), 1e-12)
    b = (b - b.mean(0)) / np.maximum(b.std(0), 1e-12)
    return np.ascontiguousarray(a.T @ b / len(a), dtype=np.float64)


def embed(rng, tokens, positions, vocabulary):
    """What reaches an FFN in a random-weight transformer: tokens, positions, some context."""
    x = rng.normal(size=(vocabulary, WIDTH))[tokens]
    x += rng.normal(size=(512, WIDTH))[positions]
    x += 0.5 * np.roll(x, 1, axis=0) @ rng.normal(0, WIDTH**-0.5, (WIDTH, WIDTH))
    return (x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True)


def matrices(n, rng):
    count = 4096
    frequency = 1 / np.arange(1, 5001)
    tokens = rng.choice(5000, size=count, p=frequency / frequency.sum())
    positions = np.arange(count) % 512
    project = lambda x: x @ rng.normal(0, WIDTH**-0.5, (x.shape[1], n))

    # two random networks, each with its own embeddings, one token stream
    a = gelu(project(embed(rng, tokens, positions, 5000)))
    b = gelu(project(embed(rng, tokens, positions, 5000)))
    yield "networks", correlation(a, b)

    # one input, two random projections
    x = embed(rng, tokens, positions, 5000)
    yield "projections", correlation(gelu(project(x)), gelu(project(x)))

    # half of the units have a counterpart, from clear to drowned in noise
    before = project(x)
    order = rng.permutation(n)
    noise = np.where(rng.random(n) < 0.5, rng.uniform(0.1, 3, n), 1e3)
    other = before[:, order] + noise * rng.normal(size=before.shape)
    yield "planted", correlation(gelu(before), gelu(other / (1 + noise)))

    # few latent factors that both share: rows alike, many near ties
    latent = rng.standard_t(4, size=(count, 32))
    a = latent @ rng.normal(size=(32, n)) + 2 * rng.normal(size=(count, n))
    b = latent @ rng.normal(size=(32, n)) + 2 * rng.normal(size=(count, n))
    yield "factors", correlation(gelu(a), gelu(b))

    yield "noise", rng.normal(0, 0.05, (n, n))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("benchmark")
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 768, 3072])
    parser.add_argument("--at-least", type=float, default=1, help="SciPy's time / braid's")
    parser.add_argument("--folder", type=pathlib.Path, default=None)
    arguments = parser.parse_args()
    folder = arguments.folder or pathlib.Path(tempfile.mkdtemp())
    folder.mkdir(exist_ok=True)
    worst = np.inf
    print(f"{'matrix':>12} {'n':>5} {'scipy ms':>10} {'braid ms':>9} {'ratio':>6}  objective")
    for n in arguments.sizes:
        for name, benefit in matrices(n, np.random.default_rng(n)):
            path = folder / f"{name}-{n}.bin"
            benefit.tofile(path)
            start = time.perf_counter()
            rows, columns = linear_sum_assignment(benefit, maximize=True)
            scipy_ms = 1e3 * (time.perf_counter() - start)
            objective = benefit[rows, columns].sum()
            ours = subprocess.run([arguments.benchmark, path], capture_output=True, text=True)
            if ours.returncode:
                sys.exit(ours.stderr)
            braid_ms, found, gap = map(float, ours.stdout.split()[-3:])
            if not np.isclose(found, objective, rtol=1e-10, atol=1e-10):
                sys.exit(f"{name} {n}: objective {found}, SciPy's is {objective}")
            ratio = scipy_ms / braid_ms
            worst = min(worst, ratio)
            print(f"{name:>12} {n:>5} {scipy_ms:>10.2f} {braid_ms:>9.2f} {ratio:>6.1f}  "
                  f"{found:.9g} (gap {gap:.1e})", flush=True)
            if arguments.folder is None:
                path.unlink()
    print(f"lowest ratio {worst:.2f}")
    sys.exit(worst < arguments.at_least)


if __name__ == "__main__":
    main()
