"""What `checks` is measured on, and against: twenty checks of ten million orders, by hand-written SQL and by other tools."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from data import DATA
from measure import HERE, PIPE, Missing

ROWS = int(os.environ.get("CHECKS_ROWS", "10000000"))
# A folder of runners of other tools: `run_df.py`, `run_gx.py`, `run_soda4.py`, …, each of which prints a line of JSON.
PEERS = os.environ.get("PIPE_PEERS")

MAKE = r"""
import sys
import numpy as np, pyarrow as pa, pyarrow.compute as pc, pyarrow.parquet as pq
path, customers, total = sys.argv[1], sys.argv[2], int(sys.argv[3])
STATUS = np.array(["new", "paid", "shipped", "delivered", "returned"])
COUNTRY = np.array("US DE FR GB IT ES NL BE PL SE NO DK FI PT AT CH IE CZ HU RO".split())
DOMAIN = np.array(["example.com", "mail.test", "corp.example.org", "shop.example.net"])
WORDS = np.array(["", "gift", "leave at door", "call before delivery please", "fragile, handle with care and keep upright"])
LETTERS = np.array([a + b + c for a in "ABCDEFGH" for b in "KLMNPQRS" for c in "TUVWXYZ"])
text = lambda numbers: pa.array(numbers).cast(pa.string())
each = pc.binary_join_element_wise

def chunk(start, n, rng):
    order = np.arange(start, start + n, dtype=np.int64)
    again = rng.random(n) < 1e-5
    again[0] = False
    order[again] = order[np.flatnonzero(again) - 1]
    known = max(total // 20, 10)
    customer = rng.integers(0, known, n)
    customer = np.where(rng.random(n) < 1e-4, known + 1000 + customer, customer)
    customers = pa.array(customer, mask=rng.random(n) < 1e-3)
    at = pa.array(np.where(rng.random(n) < 0.005, " at ", "@"))
    email = each("user", text(customer), at, pa.array(DOMAIN[rng.integers(0, 4, n)]), "")
    email = pc.if_else(pa.array(rng.random(n) < 0.02), pa.scalar(None, pa.string()), email)
    status = STATUS[rng.integers(0, 5, n)].astype(object)
    status[rng.random(n) < 1e-3] = "UNKNOWN"
    amount = np.round(rng.lognormal(3.5, 1.0, n), 2)
    amount = np.where(rng.random(n) < 5e-4, -amount, amount)
    quantity = rng.integers(1, 21, n).astype(np.int32)
    quantity[rng.random(n) < 2e-4] = 0
    discount = np.round(rng.random(n) * 0.5, 3)
    dash = pa.array(np.where(rng.random(n) < 1e-3, "_", "-"))
    sku = each(pa.array(LETTERS[rng.integers(0, len(LETTERS), n)]), dash, pc.utf8_lpad(text(rng.integers(0, 100000, n)), 5, "0"), "")
    created = np.datetime64("2025-01-01", "us") + (np.arange(start, start + n) / total * 90 * 86400 * 1e6).astype("timedelta64[us]")
    later = rng.integers(3600, 10 * 86400, n)
    shipped = created + (np.where(rng.random(n) < 3e-4, -later, later) * 1_000_000).astype("timedelta64[us]")
    return pa.table({
        "order_id": order, "customer_id": customers, "email": email, "status": pa.array(status, pa.string()),
        "country": pa.array(COUNTRY[rng.integers(0, 20, n)], pa.string()), "amount": amount, "quantity": quantity,
        "discount": discount, "sku": sku, "created_at": pa.array(created),
        "shipped_at": pa.array(shipped, mask=rng.random(n) < 0.3), "note": pa.array(WORDS[rng.integers(0, 5, n)], pa.string())})

rng, writer = np.random.default_rng(7), None
for start in range(0, total, 1_000_000):
    table = chunk(start, min(1_000_000, total - start), rng)
    writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
    writer.write_table(table, row_group_size=131072)
writer.close()
pq.write_table(pa.table({"customer_id": np.arange(max(total // 20, 10), dtype=np.int64)}), customers)
"""

TO_CSV = "import sys, pyarrow.csv as c, pyarrow.parquet as q\nc.write_csv(q.read_table(sys.argv[1]), sys.argv[2])"

# The checks as SQL, with DataFusion's and DuckDB's words where they differ; what each asks, and whether it holds.
SQL = r"""
import json, sys
engine, mode, folder, form, threads = sys.argv[1:6]
quoted = lambda words: ",".join(f"'{w}'" for w in words.split())
if engine == "duckdb":
    import duckdb
    con = duckdb.connect()
    con.execute(f"set threads = {threads}")
    table = {"parquet": f"read_parquet('{folder}/orders.parquet')", "csv": f"read_csv('{folder}/orders.csv')"}.get(form)
    orders, customers = table, f"read_parquet('{folder}/customers.parquet')"
    run = lambda sql: con.execute(sql).fetchone()
    columns = lambda: [r[0] for r in con.execute(f"describe select * from {table}").fetchall()]
    matches = "regexp_matches({}, '{}')".format
    distinct, middle = "approx_count_distinct({})".format, "approx_quantile({}, 0.5)".format
    copy = lambda sql: con.execute(f"copy ({sql}) to '{folder}/bad.parquet' (format parquet)")
else:
    from datafusion import SessionConfig, SessionContext
    context = SessionContext(SessionConfig().with_target_partitions(int(threads)))
    context.register_parquet("p", f"{folder}/orders.parquet")
    context.register_parquet("customers", f"{folder}/customers.parquet")
    if form == "csv":
        context.register_csv("c", f"{folder}/orders.csv")
    table = {"parquet": "p", "csv": "c"}.get(form)
    orders, customers = "p", "customers"
    run = lambda sql: [c[0].as_py() for c in context.sql(sql).collect()[0].columns]
    columns = lambda: [f.name for f in context.sql(f"select * from {table}").schema()]
    matches = "{} ~ '{}'".format
    distinct, middle = "approx_distinct({})".format, "approx_percentile_cont({}, 0.5)".format
    copy = lambda sql: context.sql(f"copy ({sql}) to '{folder}/bad.parquet' stored as parquet").collect()
if form == "view":
    orders = "p" if engine == "datafusion" else f"read_parquet('{folder}/orders.parquet')"
    table = (f"(select o.order_id, o.customer_id, lower(o.email) as email, o.status, o.country, o.amount * 1.0 as amount, o.quantity, o.discount, "
             f"upper(o.sku) as sku, o.created_at, o.shipped_at, trim(o.note) as note, c.customer_id as c_id from {orders} o "
             f"left join {customers} c on o.customer_id = c.customer_id) v")
if mode != "approx":
    distinct, middle = "count(distinct {})".format, "median({})".format
wrong = {
    "c03": "order_id is null", "c05": "customer_id is null", "c06": "email is null",
    "c07": f"not ({matches('email', chr(94) + '[^@' + chr(92) + 's]+@[^@' + chr(92) + 's]+' + chr(92) + '.[a-z]+$')})",
    "c08": f"status not in ({quoted('new paid shipped delivered returned')})",
    "c09": f"country not in ({quoted('US DE FR GB IT ES NL BE PL SE NO DK FI PT AT CH IE CZ HU RO')})",
    "c10": "amount < 0 or amount > 100000", "c11": "quantity < 1 or quantity > 20", "c12": "discount < 0 or discount > 0.5",
    "c13": f"not ({matches('sku', '^[A-Z]{3}-[0-9]{5}$')})", "c14": "length(note) > 80", "c18": "shipped_at < created_at"}
of = {"c07": "email", "c10": "amount", "c13": "sku", "c18": "shipped_at"}
allowed = {"c05": 0.01, "c06": 0.05, "c07": 0.01, "c10": 0.001, "c13": 0.005, "c18": 0.001}
asked = {"c01": ["count(*)"]}
for check, condition in wrong.items():
    asked[check] = [f"sum(case when {condition} then 1 else 0 end)", f"count({of.get(check, '*')})"]
asked |= {"c04": ["count(order_id)", distinct("order_id")], "c15": ["avg(amount)"], "c16": ["stddev_samp(amount)"],
          "c17": ["max(created_at)"], "c19": [distinct("country")], "c20": [middle("amount")]}
found = {}
if mode == "each":
    for check, expressions in asked.items():
        named = ", ".join(f"{e} as a{i}" for i, e in enumerate(expressions))
        found[check] = run(f"select {named} from {table}")
else:
    flat = [(check, e) for check, es in asked.items() for e in es]
    values = iter(run(f"select {', '.join(f'{e} as a{i}' for i, (_, e) in enumerate(flat))} from {table}"))
    found = {check: [next(values) for _ in es] for check, es in asked.items()}
if mode == "rows":
    bits = " + ".join(f"case when {w} then {1 << i} else 0 end" for i, w in enumerate(wrong.values()))
    copy(f"select *, {bits} as violations from {table} where {' or '.join(f'({w})' for w in wrong.values())}")
rows = int(sys.argv[6])
names = "order_id customer_id email status country amount quantity discount sku created_at shipped_at note".split()
holds = {"c01": 0.9 * rows <= found["c01"][0] <= 1.1 * rows, "c02": form == "view" or columns() == names,
         "c04": found["c04"][1] >= found["c04"][0], "c15": 40 <= found["c15"][0] <= 70, "c16": 30 <= found["c16"][0] <= 150,
         "c17": str(found["c17"][0]) >= "2025-03-30", "c19": found["c19"][0] == 20, "c20": 25 <= found["c20"][0] <= 45}
for check in wrong:
    bad, judged = found[check]
    holds[check] = bad <= allowed.get(check, 0) * judged
print(json.dumps(sorted(check for check, ok in holds.items() if not ok)))
"""

TYPES = (
    "order_id bigint, customer_id bigint, email text, status text, country text, amount double, quantity int, discount double, "
    "sku text, created_at timestamp, shipped_at timestamp, note text"
)
VIEW = (
    "select o.order_id, o.customer_id, lower(o.email) as email, o.status, o.country, o.amount * 1.0 as amount, o.quantity, o.discount, "
    "upper(o.sku) as sku, o.created_at, o.shipped_at, trim(o.note) as note, c.customer_id as c_id "
    "from parts o left join customers c on o.customer_id = c.customer_id"
)
COUNTRIES = "US DE FR GB IT ES NL BE PL SE NO DK FI PT AT CH IE CZ HU RO".split()
# What every side must find.
FAILING = ["c04", "c08", "c11"]


def files():
    """A folder with the orders as Parquet and as CSV, and the customers."""
    for module in ("numpy", "pyarrow"):
        if importlib.util.find_spec(module) is None:
            raise Missing(f"the Python package {module} cannot be imported")
    folder = DATA / f"checks_{ROWS}"
    if not (folder / "orders.csv").exists():
        folder.mkdir(parents=True, exist_ok=True)
        print(f"making {folder}", flush=True)
        part = folder / "part"
        if not (folder / "orders.parquet").exists():
            subprocess.run([sys.executable, "-c", MAKE, part, folder / "customers.parquet", str(ROWS)], check=True)
            part.rename(folder / "orders.parquet")
        subprocess.run([sys.executable, "-c", TO_CSV, folder / "orders.parquet", part], check=True)
        part.rename(folder / "orders.csv")
    return folder.resolve()


def linked(source):
    """A folder of its own that has the files of `source`."""
    folder = Path(tempfile.mkdtemp(prefix="pipe-bench-"))
    for file in source.iterdir():
        (folder / file.name).symlink_to(file)
    return folder, lambda: shutil.rmtree(folder)


def pipe(source, program="checks.pipe", form="parquet", *options):
    """`pipe validate` of the checks."""
    text = (HERE / program).read_text()
    declared = "source orders from parquet 'orders.parquet';"
    if form == "csv":
        text = text.replace(declared, f"source orders from csv 'orders.csv' schema ({TYPES});")
    if form == "view":
        inputs = "source parts from parquet 'orders.parquet';\nsource customers from parquet 'customers.parquet';"
        text = text.replace(declared, f"{inputs}\nmodel orders as {VIEW};").replace("note,\n  );", "note, c_id,\n  );")

    def make():
        folder, clean = linked(source)
        (folder / "p.pipe").write_text(text)
        command = [PIPE, "validate", str(folder / "p.pipe"), "--format", "json", "--param", f"rows={ROWS}", "--failing", "5", *options]
        return [part.replace("FOLDER", str(folder)) for part in command], clean

    return make


def many(source, rules):
    """`pipe validate` of so many row rules: the row checks, each with other bounds every time."""
    lines = []
    for i in range(rules):
        low, high = i % 7, 20 + i % 11
        lines.append([
            "order_id not null", "customer_id not null tolerate 1%", "email not null tolerate 5%",
            f"email matches '^[^@ ]{{{1 + i % 3},}}@[^@ ]+[.][a-z]+$' tolerate {1 + i % 5}% where (email is not null)",
            f"status in ('new', 'paid', 'shipped', 'delivered', 'returned', 'other {i}') tolerate {1 + i % 3}%",
            f"country in ({', '.join(repr(c) for c in COUNTRIES)}, 'X{i}')",
            f"amount between {-i - 5000} and {100_000 + i} tolerate {1 + i % 3}%",
            f"quantity between {-low} and {high}", f"discount between {-low} and {high}",
            f"sku matches '^[A-Z]{{3}}.[0-9]{{{5 - i % 2}}}' tolerate {1 + i % 3}%",
            f"note length between 0 and {80 + i}",
            f"(shipped_at >= created_at - interval '{i} minutes') tolerate {1 + i % 3}%",
            f"order_id >= {-i}", f"customer_id >= {-i} tolerate {1 + i % 3}%", f"amount > {-10_000 - i}",
            f"quantity <= {high}", f"discount < {high}", f"note not in ('none {i}')", f"created_at > timestamp '2024-01-{1 + i % 28:02}'",
            f"(amount * quantity < {10_000_000 + i})",
        ][i % 20])
    rules = "\n".join(f"  r{i}: {line};" for i, line in enumerate(lines))
    program = f"pipe 1;\nsource orders from parquet 'orders.parquet';\nrules orders {{\n{rules}\n}}\n"

    def make():
        folder, clean = linked(source)
        (folder / "p.pipe").write_text(program)
        return [PIPE, "validate", str(folder / "p.pipe"), "--format", "json", "--failing", "5"], clean

    return make


def sql(source, engine, mode, form="parquet"):
    """The same in hand-written SQL: `rows` with the failing rows written, `each` one query a check, `approx`."""
    if importlib.util.find_spec(engine) is None:
        raise Missing(f"the Python package {engine} cannot be imported")

    def make():
        folder, clean = linked(source)
        return [sys.executable, "-c", SQL, engine, mode, str(folder), form, str(os.cpu_count()), str(ROWS)], clean

    return make


def peers(source):
    """Other tools, by name: their own runners over the Parquet file."""
    runners = [
        ("polars", "run_df.py", ["polars"]),
        ("pandera", "run_df.py", ["pandera"]),
        ("dataframely", "run_df.py", ["dataframely"]),
        ("pointblank", "run_df.py", ["pointblank"]),
        ("soda", "run_soda4.py", []),
        ("gx", "run_gx.py", ["pandas"]),
    ]
    packages = {"soda": "soda_core", "gx": "great_expectations"}
    for name, runner, words in runners:
        python = os.environ.get(f"PYTHON_{name.upper()}", sys.executable)
        found = subprocess.run([python, "-c", f"import {packages.get(name, name)}"], capture_output=True, check=False)
        if found.returncode != 0:
            yield name, None, f"the Python package {packages.get(name, name)} cannot be imported"
            continue
        if PEERS is None or not (Path(PEERS) / runner).exists():
            yield name, None, f"PIPE_PEERS has no {runner}"
            continue
        command = [python, str(Path(PEERS) / runner), *words, str(source / "orders.parquet")]
        command += ["BOOLEAN_ONLY"] if name == "gx" else []
        yield name, (lambda command=command: (command, lambda: None)), None


def verdicts(once):
    """The checks that fail, as `pipe validate` tells them."""
    return sorted(r["rule"][:3] for r in json.loads(once.out)["rules"] if not r["passed"])
