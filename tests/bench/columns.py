"""What `profile` is measured on, 20 columns, and against: the same statistics in one hand-written SQL."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from data import DATA
from measure import PIPE, Missing

ROWS = int(os.environ.get("PROFILE_ROWS", "10000000"))
TEXTS = ["status", "country", "email", "plate", "sku", "note"]
NUMBERS = ["id", "customer", "shop", "quantity", "score", "large", "price", "total", "weight", "ratio", "skewed"]
TIMES = ["ordered_at", "shipped_at", "due"]
MAKE = """
import sys, duckdb
duckdb.execute(f\"\"\"copy (select i as id, hash(i, 1) % 500000 as customer, (hash(i, 2) % 1000)::bigint as shop, (hash(i, 3) % 10)::bigint as quantity,
  (hash(i, 4) % 100000)::bigint as score, (hash(i, 5) >> 1)::bigint as large, ((hash(i, 6) % 100000) / 100)::decimal(10, 2) as price,
  ((hash(i, 7) % 10000000) / 100)::decimal(12, 2) as total, (hash(i, 8) % 1000003) / 1e3 as weight, hash(i, 9) / 1.8e19 as ratio,
  exp((hash(i, 10) % 10000) / 1000.0) as skewed, case when hash(i, 11) % 50 > 0 then ['new', 'paid', 'shipped', 'returned'][(hash(i, 12) % 4)::int + 1] end as status,
  ['DE', 'FR', 'AT', 'IT', 'ES', 'PL'][(hash(i, 13) % 6)::int + 1] as country, 'user' || hash(i, 14) % 500000 || '@example.com' as email,
  'AB-' || lpad((hash(i, 15) % 10000000)::varchar, 8, '0') as plate, 'S' || hash(i, 16) % 5000 as sku, 'note ' || hash(i, 17) as note,
  timestamp '2026-01-01' + to_seconds((hash(i, 18) % 31536000)::bigint) as ordered_at,
  timestamp '2026-01-01' + to_milliseconds((hash(i, 19) % 31536000000)::bigint) as shipped_at, date '2026-01-01' + (hash(i, 20) % 365)::int as due
  from range({sys.argv[2]}) r(i)) to '{sys.argv[1]}' (format parquet)\"\"\")
"""
SQL = """
import sys, duckdb
texts, numbers, times = [c.split(',') for c in sys.argv[2:5]]
shares = '[0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]'
upper, lower, digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz', '0123456789'
each = 'count({c}), approx_count_distinct({c}), min({c}), max({c}), approx_top_k({c}, 10)'
number = ', avg({c}), stddev({c}), approx_quantile({c}::double, ' + shares + ')'
text = ", avg(length({c})), stddev(length({c})), approx_quantile(length({c}), " + shares + "), count(*) filter (trim({c}) = ''), " \\
    f"approx_top_k(translate({{c}}, '{upper}{lower}{digits}', '{'A' * 26}{'a' * 26}{'9' * 10}'), 10)"
time = ', approx_quantile(epoch({c}), ' + shares + ')'
parts = ['count(*)'] + [(each + more).format(c=c) for columns, more in [(numbers, number), (texts, text), (times, time)] for c in columns]
print(len(duckdb.execute(f"select {', '.join(parts)} from '{sys.argv[1]}'").fetchone()))
"""


def file():
    """A Parquet file of 20 columns, made by DuckDB."""
    if importlib.util.find_spec("duckdb") is None:
        raise Missing("the Python package duckdb cannot be imported")
    path = DATA / f"profile_{ROWS}.parquet"
    if not path.exists():
        DATA.mkdir(parents=True, exist_ok=True)
        print(f"making {path}", flush=True)
        part = path.with_name(path.name + ".part")
        subprocess.run([sys.executable, "-c", MAKE, str(part), str(ROWS)], check=True)
        part.rename(path)
    return path.resolve()


def profile(path, *options):
    """`pipe profile` of the file, as a source without rules."""

    def make():
        folder = Path(tempfile.mkdtemp(prefix="pipe-bench-"))
        (folder / "t.parquet").symlink_to(path)
        (folder / "p.pipe").write_text("pipe 1;\nsource t from parquet 't.parquet';\n")
        command = [PIPE, "profile", "t", str(folder / "p.pipe"), "--format", "json", *options]
        return command, lambda: shutil.rmtree(folder)

    return make


def sql(path):
    """The same statistics of each column, in one query."""
    lists = [",".join(columns) for columns in (TEXTS, NUMBERS, TIMES)]
    return lambda: ([sys.executable, "-c", SQL, str(path), *lists], lambda: None)
