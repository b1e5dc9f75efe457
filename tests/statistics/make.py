"""Makes `expected.json` and the tables it is about, with NumPy and SciPy: `python3 make.py` in this folder.

The engine's statistics are compared with these. Seeded, so that it makes the same again.
"""

import csv
import json

import numpy as np
import scipy
from scipy import stats

rng = np.random.default_rng(20260101)
here = np.round(rng.gamma(2.0, 10.0, 60), 3)
there = np.round(rng.gamma(2.2, 9.0, 80), 3)
kinds = rng.choice(["a", "b", "c", "d"], 60, p=[0.4, 0.3, 0.2, 0.1])
other_kinds = rng.choice(["a", "b", "c", "d"], 80, p=[0.25, 0.25, 0.25, 0.25])

for name, numbers, words in [("here", here, kinds), ("there", there, other_kinds)]:
    with open(f"{name}.csv", "w", newline="") as out:
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(["x", "k"])
        rows.writerows(zip(numbers, words))
        # A row without values: no statistic counts it.
        rows.writerow(["", ""])

values = sorted(set(kinds) | set(other_kinds))
m = np.array([np.sum(kinds == v) for v in values], dtype=float)
r = np.array([np.sum(other_kinds == v) for v in values], dtype=float)
p, q = m / m.sum(), r / r.sum()
chi = stats.chisquare(m, q * m.sum())
d = stats.ks_2samp(here, there).statistic
edges = np.quantile(there, np.arange(0.1, 1.0, 0.1))
bins = lambda x: np.bincount(np.searchsorted(edges, x, side="left"), minlength=10) / len(x)
a, b = np.maximum(bins(here), 1e-4), np.maximum(bins(there), 1e-4)

expected = {
    "x mean": np.mean(here),
    "x sum": np.sum(here),
    "x minimum": np.min(here),
    "x maximum": np.max(here),
    "x range": np.ptp(here),
    "x stddev": np.std(here, ddof=1),
    "x variance": np.var(here, ddof=1),
    "x median": np.median(here),
    "x quantile 0.9": np.quantile(here, 0.9),
    "x quantile 0.05": np.quantile(here, 0.05),
    "x iqr": stats.iqr(here),
    "x skewness": stats.skew(here),
    "x kurtosis": stats.kurtosis(here),
    "x ks from there (x)": d,
    "x ks_p from there (x)": stats.kstwobign.sf(d * np.sqrt(60 * 80 / (60 + 80))),
    "x psi from there (x)": np.sum((a - b) * np.log(a / b)),
    "k entropy": stats.entropy(p),
    "k kl_divergence from there (k)": stats.entropy(p, q),
    "k chi_square from there (k)": chi.statistic,
    "k chi_square_p from there (k)": chi.pvalue,
}
made = {"numpy": np.__version__, "scipy": scipy.__version__, "expected": {k: float(v) for k, v in expected.items()}}
with open("expected.json", "w") as out:
    json.dump(made, out, indent=2)
    out.write("\n")
