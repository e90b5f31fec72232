"""Metrics against scikit-learn and SciPy, on random, tied, one-sided and perfect predictions."""
import json
import subprocess
import sys
import warnings

import numpy as np
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef

warnings.simplefilter("ignore")
draw = np.random.default_rng(0)
zero = lambda value: 0.0 if np.isnan(value) else value  # ours is 0 where there is nothing to correlate
METRICS = {
    "accuracy": lambda p, e: accuracy_score(e, p),
    "f1": lambda p, e: f1_score(e, p, zero_division=0),
    "matthews": lambda p, e: matthews_corrcoef(e, p),
    "pearson": lambda p, e: zero(pearsonr(p, e)[0]),
    "spearman": lambda p, e: zero(spearmanr(p, e)[0]),
}
cases = []
for _ in range(300):
    n = int(draw.integers(2, 60))
    expected = draw.integers(0, 2, n)
    for predicted in (draw.integers(0, 2, n), np.where(draw.random(n) < 0.8, expected, 1 - expected), expected,
                      1 - expected, np.zeros(n, int), np.ones(n, int)):
        cases += [(m, predicted, expected) for m in ("accuracy", "f1", "matthews")]
    three, guess = draw.integers(0, 3, n), draw.integers(0, 3, n)
    cases += [("accuracy", guess, three), ("matthews", guess, three)]
    scores = np.round(draw.uniform(0, 5, n), 1)
    for predicted in (draw.normal(size=n), scores + draw.normal(size=n), np.round(scores), -scores, np.full(n, 2.5),
                      1e6 + draw.normal(size=n)):
        cases += [(m, predicted, scores) for m in ("pearson", "spearman")]
lines = "".join(json.dumps({"metric": m, "predicted": p.tolist(), "expected": e.tolist()}) + "\n" for m, p, e in cases)
ours = subprocess.run([sys.argv[1]], input=lines, capture_output=True, text=True, check=True).stdout.split()
assert len(ours) == len(cases)
for value, (metric, predicted, expected) in zip(ours, cases):
    theirs = METRICS[metric](predicted, expected)
    if abs(float(value) - theirs) > 1e-9:
        sys.exit(f"{metric} of {predicted.tolist()} against {expected.tolist()}: {value}, expected {theirs}")
print(f"{len(cases)} cases agree")
