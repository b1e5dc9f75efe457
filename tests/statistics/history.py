"""Makes `history.json`, with NumPy, SciPy and statsmodels: `python3 history.py` in this folder.

What rules on earlier runs expect is compared with it. Seeded, so that it makes the same again.
"""

import json

import numpy as np
import scipy
import statsmodels
from scipy import stats
from statsmodels.tsa.holtwinters import ExponentialSmoothing

FACTOR = 1.5
rng = np.random.default_rng(20260102)

spreads = []
for values in [
    [3.0, 1.0, 2.0, 5.0, 4.0],
    [100.0] * 6,
    [0.1, 0.2, 0.4, 0.8, 1.6, 3.2],
    list(np.round(rng.normal(1e6, 1e4, 14), 2)),
    list(np.round(rng.gamma(2.0, 10.0, 20), 3)),
]:
    mean, sd = np.mean(values), np.std(values, ddof=1)
    q1, q3 = np.quantile(values, [0.25, 0.75])
    median, mad = np.median(values), stats.median_abs_deviation(values, scale="normal")
    spreads.append(
        {
            "values": values,
            "sigma": [mean - FACTOR * sd, mean + FACTOR * sd],
            "iqr": [q1 - FACTOR * (q3 - q1), q3 + FACTOR * (q3 - q1)],
            "mad": [median - FACTOR * mad, median + FACTOR * mad],
        }
    )

seasons = []
for season, count in [(7, 28), (7, 14), (4, 23), (12, 40), (2, 5)]:
    at = np.arange(count)
    shape = rng.normal(0, 20, season)
    y = np.round(500 + 1.5 * at + shape[at % season] + rng.normal(0, 4, count), 2)
    # The start: the line through the means of the first two seasons, and what the first season is off it.
    first, second = y[:season].mean(), y[season : 2 * season].mean()
    trend = (second - first) / season
    middle = (season - 1) / 2
    line = first + trend * (np.arange(season) - middle)
    model = ExponentialSmoothing(
        y[season:],
        trend="add",
        seasonal="add",
        seasonal_periods=season,
        initialization_method="known",
        initial_level=first + trend * middle,
        initial_trend=trend,
        initial_seasonal=y[:season] - line,
    )
    # statsmodels names its smoothing of the trend and the season as in the equations of Hyndman and Athanasopoulos.
    fit = model.fit(smoothing_level=0.3, smoothing_trend=0.05, smoothing_seasonal=0.3, optimized=False)
    seasons.append(
        {
            "values": list(y),
            "season": season,
            "forecast": float(fit.forecast(1)[0]),
            "rms": float(np.sqrt(np.mean((y[season:] - fit.fittedvalues) ** 2))),
        }
    )

made = {
    "made_with": {"numpy": np.__version__, "scipy": scipy.__version__, "statsmodels": statsmodels.__version__},
    "spreads": spreads,
    "seasons": seasons,
}
with open("history.json", "w") as out:
    json.dump(made, out, indent=1)
    out.write("\n")
