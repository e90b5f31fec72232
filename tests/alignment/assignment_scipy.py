"""braid::solve_assignment against scipy.optimize.linear_sum_assignment on the same matrices.

usage: python assignment_scipy.py SOLVE_ASSIGNMENTS   (exits with status 1 on a difference)
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from scipy.optimize import linear_sum_assignment


def correlation(rng, n):
    """Two sets of features over shared latent factors: some strong matches, many weak."""
    count = 2 * n + 50
    latent = rng.normal(size=(count, 24))
    weights = rng.normal(size=(24, n))
    a = latent @ weights + rng.normal(size=(count, n)) * 3
    near = rng.random(n) < 0.4
    mixed = np.where(near, weights[:, rng.permutation(n)], rng.normal(size=(24, n)))
    b = latent @ mixed + rng.normal(size=(count, n)) * rng.uniform(0.2, 6, n)
    a, b = (np.maximum(x, 0) for x in (a, b))
    a, b = ((x - x.mean(0)) / np.maximum(x.std(0), 1e-9) for x in (a, b))
    return a.T @ b / count


def dead(rng, n):
    benefit = rng.normal(size=(n, n))
    benefit[rng.random(n) < 0.3] = 0
    benefit[:, rng.random(n) < 0.3] = 0
    return benefit


def blocks(rng, n):
    block = np.arange(n) // max(1, n // 6)
    return np.where(block[:, None] == block, rng.random((n, n)), 0)


def forbidden(rng, n):
    benefit = np.where(rng.random((n, n)) < 0.7, -np.inf, rng.normal(size=(n, n)))
    benefit[np.arange(n), rng.permutation(n)] = rng.normal(size=n)
    return benefit


# name -> (matrix, whether its optimum is unique almost surely)
STRUCTURES = {
    "uniform": (lambda rng, n: rng.random((n, n)), True),
    "normal": (lambda rng, n: rng.normal(size=(n, n)), True),
    "correlation": (correlation, True),
    "low-rank": (lambda rng, n: rng.normal(size=(n, 5)) @ rng.normal(size=(5, n)), True),
    "ties": (lambda rng, n: rng.integers(-4, 5, (n, n)).astype(float), False),
    "binary": (lambda rng, n: (rng.random((n, n)) < 2 / n).astype(float), False),
    "constant": (lambda rng, n: np.full((n, n), 0.1), False),
    "dead": (dead, False),
    "blocks": (blocks, False),
    "forbidden": (forbidden, True),
    "popular columns": (lambda rng, n: rng.normal(size=(n, n)) + 5 * rng.normal(size=n), True),
    "infeasible": (lambda rng, n: np.where(np.arange(n) > 0, -np.inf, np.ones((n, n))), False),
}


def compare(benefit, line, unique):
    """What differs, or None."""
    try:
        rows, columns = linear_sum_assignment(benefit, maximize=True)
    except ValueError:
        return None if line.startswith("infeasible") else f"infeasible for SciPy, found {line[:40]}"
    if line.startswith("infeasible"):
        return line
    objective, gap, *found = line.split()
    best, largest = benefit[rows, columns].sum(), np.abs(benefit[np.isfinite(benefit)]).max()
    if abs(float(objective) - best) > 1e-10 * max(abs(best), largest):
        return f"objective {objective}, SciPy's is {best!r}"
    if float(gap) > 1e-12 * largest:
        return f"optimality gap {gap}"
    if unique and list(map(int, found)) != columns.tolist():
        return "another permutation"
    return None


def main():
    solver = sys.argv[1]
    cases = []
    for n in (1, 2, 3, 10, 64, 200, 768):
        for name, (make, unique) in STRUCTURES.items():
            for seed in range(1 if n > 200 else 3):
                matrix = make(np.random.default_rng([n, seed]), n)
                cases.append((f"{name} {n} #{seed}", np.ascontiguousarray(matrix), unique))
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "problems"
        with path.open("wb") as file:
            for _, benefit, _ in cases:
                file.write(np.int64(len(benefit)).tobytes() + benefit.astype(np.float64).tobytes())
        run = subprocess.run([solver, path], capture_output=True, text=True)
    lines = run.stdout.splitlines()
    if run.returncode or len(lines) != len(cases):
        sys.exit(f"{solver}: {len(lines)} answers to {len(cases)} problems; {run.stderr}")
    differences = 0
    for (name, benefit, unique), line in zip(cases, lines):
        difference = compare(benefit, line, unique)
        if difference:
            differences += 1
            print(f"{name}: {difference}")
    print(f"{len(cases)} problems, {differences} differences")
    sys.exit(differences > 0)


if __name__ == "__main__":
    main()
