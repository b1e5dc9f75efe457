#!/usr/bin/env python3
"""Benchmarks of whole processes. See README.md beside this file; standard library only."""

import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
PIPE = os.environ.get("PIPE", str(TARGET / "release" / "pipe"))
DATA = Path(os.environ["PIPE_DATA"]) if "PIPE_DATA" in os.environ else None
RUNS = int(os.environ.get("RUNS", "5"))

DUCKDB = """
import sys, duckdb
con = duckdb.connect()
con.execute(f'''create temp table t as select *, list_filter([
  case when customer_id is null then 'customer_id' end,
  case when not coalesce(customer_email like '%@%.%', false) then 'email' end,
  case when not coalesce(amount > 0, false) then 'amount' end,
  case when not coalesce(status in ('new','paid','shipped','refunded'), false) then 'status' end
], lambda x: x is not null) as _errors from read_csv('{sys.argv[1]}')''')
con.execute(f"copy (select * exclude(_errors) from t where len(_errors)=0) to '{sys.argv[2]}/good.parquet' (format parquet)")
con.execute(f"copy (select * from t where len(_errors)>0) to '{sys.argv[2]}/bad.parquet' (format parquet)")
"""
DATAFUSION = """
import sys, datafusion
ctx = datafusion.SessionContext(datafusion.SessionConfig().with_target_partitions(2))
ctx.register_csv('t', sys.argv[1])
ctx.sql(f"copy (select * from t) to '{sys.argv[2]}/copy.parquet' stored as parquet").collect()
"""


def once(command):
    """Seconds, peak memory in MB and standard output of a process."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    code = os.waitstatus_to_exitcode(status)
    if code != 0:
        raise SystemExit(f"{' '.join(map(str, command))[:200]}: exit {code}")
    return time.perf_counter() - began, usage.ru_maxrss / 1024, out


def pairs(name, make_a, make_b=None, labels=("pipe", "peer")):
    """Runs A and B in turn after one warm-up each and tells medians and the ratio pair by pair."""
    rows = {0: [], 1: []}
    for i in range(RUNS + 1):
        for side, make in enumerate([make_a, make_b]):
            if make is None:
                continue
            command, clean = make()
            try:
                seconds, memory, out = once(command)
            finally:
                clean()
            if i > 0:
                rows[side].append((seconds, memory, out))
    for side, label in enumerate(labels):
        if rows[side]:
            seconds = [r[0] for r in rows[side]]
            memory = max(r[1] for r in rows[side])
            print(f"{name:8} {label:12} median {statistics.median(seconds):.3f} s  min {min(seconds):.3f}  max {max(seconds):.3f}  peak {memory:.0f} MB")
    if rows[1]:
        ratio = statistics.median(a[0] / b[0] for a, b in zip(rows[0], rows[1]))
        print(f"{name:8} ratio {ratio:.2f}")
    return rows


def project(program, csv):
    """A folder with a program, run anew each time: no state, no output."""

    def make():
        folder = Path(tempfile.mkdtemp(prefix="pipe-bench-"))
        for file in ["source.pipe", program]:
            shutil.copy(HERE / file, folder / file)
        (folder / "orders.csv").symlink_to(csv)
        command = [PIPE, "run", str(folder / program), "--format", "json"]
        return command, lambda: shutil.rmtree(folder)

    return make


def script(module, text, csv):
    """A peer's script, or None when its package is missing."""
    if importlib.util.find_spec(module) is None:
        print(f"left out: the package {module} cannot be imported")
        return None

    def make():
        folder = tempfile.mkdtemp(prefix="pipe-bench-")
        return [sys.executable, "-c", text, str(csv), folder], lambda: shutil.rmtree(folder)

    return make


def data(name):
    """A file of PIPE_DATA, or None with a word of what is missing."""
    path = DATA / name if DATA else None
    if path is None or not path.exists():
        print(f"left out: PIPE_DATA has no {name}")
        return None
    return path.resolve()


def table(out):
    return json.loads(out)["tables"][0]


def job():
    if csv := data("orders_1m.csv"):
        rows = pairs("job", project("job.pipe", csv), script("duckdb", DUCKDB, csv), ("pipe", "duckdb"))
        account = table(rows[0][-1][2])
        print(f"job      committed {account['committed']}, quarantined {account['quarantined']}")


def memory():
    small, large = data("orders_1m.csv"), data("orders_5m.csv")
    if small and large:
        rows = pairs("memory", project("job.pipe", large), project("job.pipe", small), ("5M", "1M"))
        print(f"memory   5M over 1M: {max(r[1] for r in rows[0]) / max(r[1] for r in rows[1]):.2f}")


def copy():
    if csv := data("orders_1m.csv"):
        pairs("copy", project("source.pipe", csv), script("datafusion", DATAFUSION, csv), ("pipe", "copy"))


def rules():
    if csv := data("orders_1m.csv"):
        rows = pairs("rules", project("rules.pipe", csv), project("source.pipe", csv), ("20 + 7 rules", "none"))
        account = table(rows[0][-1][2])
        print(f"rules    bytes read {account['bytes'] / csv.stat().st_size:.3f} of the file")


def repair():
    for name, confidence in [("hospital", 0.5), ("flights", 0.7)]:
        folder = data(f"repair/{name}")
        if folder is None:
            continue
        constraints = json.loads((folder / "constraints.json").read_text())
        doubtful = [(tuple(d["lhs"]), d["rhs"]) for d in constraints.get("doubtful", [])]
        header = (folder / "dirty.csv").read_text(encoding="utf-8-sig").splitlines()[0].split(",")
        true = [(tuple(f["lhs"]), f["rhs"]) for f in constraints["fds"]]
        true = [f for f in true if f not in doubtful]
        if name == "hospital":
            true.append((("state", "measure_code"), "state_average"))
        lines = [f"  fd{i}: ({', '.join(lhs)}) determines ({rhs});" for i, (lhs, rhs) in enumerate(true, 1)]
        columns = ", ".join(f'"{c}" text' for c in header)

        def make():
            work = Path(tempfile.mkdtemp(prefix="pipe-bench-"))
            (work / "dirty.csv").symlink_to(folder / "dirty.csv")
            (work / "p.pipe").write_text(
                f"pipe 1;\nsource t from csv 'dirty.csv' schema ({columns});\nrules t {{\n" + "\n".join(lines) + "\n}\n"
                f"heal t with (mode = automatic, confidence = {confidence}, max_healed_cells = 100%) {{\n"
                "  on rule_failed(check: determines) => majority else keep;\n}\n"
                "load t into csv 'out/t.csv' with (mode = overwrite);\n"
            )
            keep = os.environ.get("KEEP")

            def clean():
                if keep:
                    shutil.copy(work / "out" / "t.csv", Path(keep) / f"{name}.csv")
                shutil.rmtree(work)

            return [PIPE, "run", str(work / "p.pipe"), "--format", "json"], clean

        rows = pairs(name, make)
        print(f"{name:8} healed cells {table(rows[0][-1][2])['healed_cells']} (KEEP=<folder> keeps the repaired files for the scorer)")


def start():
    pairs("version", lambda: ([PIPE, "--version"], lambda: None))
    folder = Path(tempfile.mkdtemp(prefix="pipe-bench-"))
    text = ["pipe 1;"]
    for i in range(200):
        text.append(f"source s{i} from csv 's{i}.csv' schema (id bigint, k bigint, v decimal(10, 2), t timestamp);")
        known = "" if i == 0 else " k references s0 (id);"
        text.append(f"rules s{i} {{ id not null, unique; v > 0;{known} }}")
        text.append(f"heal s{i} {{ on rule_failed => quarantine; }}")
    for i in range(300):
        a, b = i % 200, (i * 7 + 3) % 200
        text.append(f"model m{i} as select a.id, b.k, sum(a.v) as total from s{a} a join s{b} b on a.id = b.k group by 1, 2;")
    for i in range(99):
        text.append(f"load m{i} into parquet 'out/m{i}' with (mode = overwrite);")
    (folder / "p.pipe").write_text("\n".join(text))
    pairs("check", lambda: ([PIPE, "check", str(folder / "p.pipe")], lambda: None))
    shutil.rmtree(folder)


ALL = {f.__name__: f for f in [job, memory, copy, rules, repair, start]}

if __name__ == "__main__":
    if not Path(PIPE).exists():
        raise SystemExit(f"{PIPE} is not there: cargo build --release --bin pipe")
    names = sys.argv[1:] or list(ALL)
    for name in names:
        if name not in ALL:
            raise SystemExit(f"no benchmark {name}; there are {', '.join(ALL)}")
    print(f"{os.cpu_count()} cores, {RUNS} runs each, load {os.getloadavg()[0]:.1f}")
    for name in names:
        ALL[name]()
