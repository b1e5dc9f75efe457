#!/usr/bin/env python3
"""Benchmarks of whole processes, with their bars. See README.md beside this file; standard library only."""

import csv
import importlib.util
import io
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True  # These files lie in the repository.

import checks as quality
import columns
import data
import dirty
import score
from measure import PIPE, ROOT, RUNS, Missing, Once, median, pairs, peak, project, ratio, several

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

# What the summary shows: measure, found, bar, whether it is met (None: not measured).
summary = []


def tell(what, found, bar, met):
    summary.append((what, found, bar, met))
    print(f"{'':8} {what}: {found} (bar {bar}) {'met' if met else 'MISSED'}", flush=True)


def script(module, text, file):
    """A peer's script."""
    if importlib.util.find_spec(module) is None:
        raise Missing(f"the Python package {module} cannot be imported")

    def make():
        folder = tempfile.mkdtemp(prefix="pipe-bench-")
        return [sys.executable, "-c", text, str(file), folder], lambda: shutil.rmtree(folder)

    return make


def tables(once):
    return {t["name"]: t for t in json.loads(once.out)["tables"]}


def job():
    """The peers' job."""
    file = data.orders(1)
    ours = project("job.pipe", {"orders.csv": file})
    pipe, duckdb = pairs("job", [("pipe", ours), ("duckdb", script("duckdb", DUCKDB, file))])
    found = ratio(pipe, duckdb)
    tell("job, time over DuckDB's", f"{found:.2f} (cpu {ratio(pipe, duckdb, 'cpu'):.2f})", "0.9, aim 0.65", found <= 0.9)
    tell("job, peak memory", f"{peak(pipe):.0f} MB", "300 MB", peak(pipe) < 300)
    rows = tables(pipe[-1])["orders"]
    split = (rows["committed"], rows["quarantined"])
    tell("job, rows", f"{split[0]} / {split[1]}", "979000 / 21000", split == (979_000, 21_000))


def memory():
    """Peak memory at five times the rows."""
    sides = [(f"{m}M rows", project("job.pipe", {"orders.csv": data.orders(m)})) for m in (5, 1)]
    large, small = pairs("memory", sides, runs=3)
    found = peak(large) / peak(small)
    tell("memory at 5M rows over 1M", f"{found:.2f} ({peak(large):.0f} over {peak(small):.0f} MB)", "1.2", found <= 1.2)


def copy():
    """A plain load."""
    file = data.orders(1)
    ours = project("source.pipe", {"orders.csv": file})
    pipe, peer = pairs("copy", [("pipe", ours), ("datafusion", script("datafusion", DATAFUSION, file))])
    found = ratio(pipe, peer)
    told = f"{found:.2f} (cpu {ratio(pipe, peer, 'cpu'):.2f})"
    tell("plain load, time over DataFusion's COPY", told, "1.25", found <= 1.25)


def rules():
    """Twenty row rules and seven aggregates."""
    file = data.orders(1)
    sides = [(label, project(p, {"orders.csv": file})) for label, p in (("rules", "rules.pipe"), ("none", "source.pipe"))]
    ruled, plain = pairs("rules", sides, runs=2 * RUNS)
    found = ratio(ruled, plain)
    tell("20 + 7 rules, time over none", f"{found:.2f} (cpu {ratio(ruled, plain, 'cpu'):.2f})", "1.35", found <= 1.35)
    read = tables(ruled[-1])["orders"]["bytes"] / file.stat().st_size
    tell("20 + 7 rules, bytes read over the file", f"{read:.3f}", "1.05", read <= 1.05)


def unique():
    """20 million keys under a 256 MB pool: all distinct, and with three of them repeated."""
    for repeated in (False, True):
        file = data.keys(repeated)
        label = "three repeated" if repeated else "distinct"
        runs = several("unique", label, project("unique.pipe", {"keys.csv": file}, "--memory", "256MB"), runs=2)
        report = json.loads(runs[-1].out)
        rule = next(r for r in report["rules"] if r["rule"] == "id.unique")
        expected = 6 if repeated else 0
        right = rule["violations"] == expected and tables(runs[-1])["keys"]["committed"] == 20_000_000 - expected
        tell(f"unique on 20M keys, {label}", f"{rule['violations']} rows repeat", f"{expected}", right)
        tell(f"unique on 20M keys, {label}: peak memory", f"{peak(runs):.0f} MB", "600 MB", peak(runs) < 600)


def rename():
    """A column that has another name today, against the same day without."""
    other = [
        data.another_day("orders_1m_renamed.csv", data.HEADER.replace("amount", "amount_eur")),
        data.another_day("orders_1m_again.csv", data.HEADER),
    ]
    # The day before gives the baseline that a rename is found by.
    command, clean = project("rename.pipe", {"orders.csv": data.orders(1)})()
    Once(command)
    before = Path(command[2]).parent
    sides = [(n, project("rename.pipe", {"orders.csv": f}, before=before)) for n, f in zip(("renamed", "same"), other)]
    healed, same = pairs("rename", sides)
    clean()
    renamed = [h["cells"] for h in json.loads(healed[-1].out)["heals"] if h["action"] == "rename"]
    if not renamed:
        raise SystemExit("the rename was not healed")
    found, cpu = (statistics.median(getattr(a, w) - getattr(b, w) for a, b in zip(healed, same)) for w in ("seconds", "cpu"))
    tell("a rename healed by evidence", f"{found:+.3f} s (cpu {cpu:+.3f} s)", "under 0.1 s more", found < 0.1)


def growth():
    """Peak memory of what is kept aside, at four times the rows."""
    for what, program, lines, thousands in [
        ("cells repaired", "repairs.pipe", repairs, 250),
        ("cells repaired, duplicates removed", "duplicates.pipe", duplicates, 250),
        ("cells repaired, groups voting", "votes.pipe", votes, 250),
        ("rows quarantined", "quarantine.pipe", faults, 1000),
        ("keys referred to", "references.pipe", customers, 1000),
    ]:
        sides = []
        for n in (4 * thousands, thousands):
            file = data.made(f"{program.removesuffix('.pipe')}_{n}k.csv", lambda: lines(n * 1000))
            sides.append((f"{n}k rows", project(program, {"rows.csv": file}, "--memory", "64MB")))
        large, small = pairs("growth", sides, runs=2)
        found = peak(large) / peak(small)
        told = f"{found:.2f} ({peak(large):.0f} over {peak(small):.0f} MB)"
        tell(f"memory, {what}: {4 * thousands}k rows over {thousands}k", told, "1.2", found <= 1.2)


def repairs(rows):
    yield "id,price,pieces,country"
    for i in range(rows):
        yield f"{i},{i % 9999}.50{' EUR' if i % 2 else ''},{-i if i % 4 == 2 else i},{data.COUNTRIES[i % 8]}"


def duplicates(rows):
    yield "id,price,pieces,country"
    for i in range(rows):
        key = i - (i % 4 == 1)
        yield f"{key},{i % 9999}.50{' EUR' if i % 2 else ''},{-i if i % 4 == 2 else i},{data.COUNTRIES[i % 8]}"


def votes(rows):
    yield "id,price,pieces,country"
    for i in range(rows):
        group = i // 5
        country = "xx" if i % 5 == 3 else data.COUNTRIES[group % 8]
        yield f"{i},{i % 9999}.50{' EUR' if i % 4 == 0 else ''},{group},{country}"


def faults(rows):
    yield "id,price,pieces,country"
    for i in range(rows):
        yield f"{i},{i % 9999}.50,{-1 - i if i % 5 < 2 else i},{data.COUNTRIES[i % 8]}"


def customers(rows):
    yield "id,name"
    for i in range(rows):
        yield f"{i * 7919 % data.PRIME},name of {i}"


def repair():
    """Votes over true dependencies."""
    for name, confidence in [("hospital", 0.5), ("flights", 0.7)]:
        folder = data.given(f"repair/{name}")
        constraints = json.loads((folder / "constraints.json").read_text())
        doubtful = [(tuple(d["lhs"]), d["rhs"]) for d in constraints.get("doubtful", [])]
        header = (folder / "dirty.csv").read_text(encoding="utf-8-sig").splitlines()[0].split(",")
        true = [(tuple(f["lhs"]), f["rhs"]) for f in constraints["fds"]]
        true = [f for f in true if f not in doubtful]
        if name == "hospital":
            true.append((("state", "measure_code"), "state_average"))
        lines = [f"  fd{i}: ({', '.join(lhs)}) determines ({rhs});" for i, (lhs, rhs) in enumerate(true, 1)]
        columns = ", ".join(f'"{c}" text' for c in header)
        program = (
            f"pipe 1;\nsource t from csv 'dirty.csv' schema ({score.NUMBER} bigint, {columns});\nrules t {{\n" + "\n".join(lines) + "\n}\n"
            f"heal t with (mode = automatic, confidence = {confidence}, max_healed_cells = 100%) {{\n"
            "  on rule_failed(check: determines) => majority else keep;\n}\n"
            "load t into csv 'out/t.csv' with (mode = overwrite);\n"
        )
        last = tempfile.mkdtemp(prefix="pipe-bench-")

        def make():
            shutil.rmtree(last, ignore_errors=True)
            work = Path(last)
            work.mkdir()
            score.number(folder / "dirty.csv", work / "dirty.csv")
            (work / "p.pipe").write_text(program)
            return [PIPE, "run", str(work / "p.pipe"), "--format", "json"], lambda: None

        runs = several(name, "pipe", make)
        out = Path(last) / "out" / "t.csv"
        result = score.score(folder / "dirty.csv", folder / "clean.csv", out)
        told = f"P {result['precision']:.3f} R {result['recall']:.3f} F1 {result['f1']:.3f}, harm {result['broken']}"
        if name == "hospital":
            good = result["f1"] >= 0.935 and result["broken"] == 0
            tell("hospital", told, "F1 0.935, harm 0", good)
            tell("hospital, time", f"{median(runs):.2f} s", "2 s", median(runs) < 2)
        else:
            good = result["precision"] >= 0.98 and result["corrected"] >= 1600
            tell("flights", f"{told}, {result['corrected']} corrected", "P 0.98, 1600 corrected", good)
            entries = ledger(Path(last))
            changed = score.changed(folder / "dirty.csv", out)
            tell("flights, ledger", f"{len(entries)} entries, {len(changed)} changed cells", "the same", entries == changed)
        shutil.rmtree(last)


def suggest():
    """Rules and clauses from nothing but a dirty table, and what running them heals."""
    for name in ("hospital", "flights"):
        folder = data.given(f"repair/{name}")
        work = Path(tempfile.mkdtemp(prefix="pipe-bench-"))
        score.number(folder / "dirty.csv", work / "dirty.csv")
        program = work / "p.pipe"
        declared = "pipe 1;\n\nsource t from csv 'dirty.csv';\n\nload t into csv 'out/t.csv' with (mode = overwrite);\n"
        program.write_text(declared)
        runs = several(name, "suggest", lambda: ([PIPE, "suggest", "t", str(program), "--format", "json"], lambda: None), runs=3)
        suggested = json.loads(runs[-1].out)
        found = [
            (frozenset(rule["columns"]), re.findall(r"\w+", rule["rule"].split("determines")[1].split(")")[0]))
            for rule in suggested["rules"]
            if rule["check"] == "determines"
        ]
        constraints = json.loads((folder / "constraints.json").read_text())
        doubtful = [(f["lhs"], f["rhs"]) for f in constraints.get("doubtful", [])]
        true = [(f["lhs"], f["rhs"]) for f in constraints["fds"] if (f["lhs"], f["rhs"]) not in doubtful]
        missing = [f for f in true if f[1] not in closure(found, f[0])]
        wrong = [f for f in doubtful if f[1] in closure(found, f[0])]
        tell(f"suggest, {name}: dependencies", f"{len(missing)} of {len(true)} missing, {len(wrong)} false", "0, 0", not missing and not wrong)
        Once([PIPE, "suggest", "t", str(program), "--apply"])
        Once([PIPE, "check", str(program)])
        Once([PIPE, "run", str(program)])
        result = score.score(folder / "dirty.csv", folder / "clean.csv", work / "out" / "t.csv")
        cells = sum(1 for _ in score.cells(folder / "dirty.csv"))
        harm = result["broken"] / cells
        told = f"P {result['precision']:.3f} R {result['recall']:.3f} F1 {result['f1']:.3f}, harm {harm:.3%}"
        if name == "hospital":
            tell("suggest, hospital healed", told, "F1 0.85, harm 0.1%", result["f1"] >= 0.85 and harm < 0.001)
        else:
            tell("suggest, flights healed", told, "P 0.98, harm 0.1%", result["precision"] >= 0.98 and harm < 0.001)
        shutil.rmtree(work)
    file = data.orders(1)
    programs = project("source.pipe", {"orders.csv": file})
    sides = [(c, other_command(programs, c)) for c in ("suggest", "profile")]
    ours, profiled = pairs("suggest", sides, runs=min(RUNS, 3))
    found = ratio(ours, profiled)
    tell("suggest of 1M rows, time over profile", f"{found:.2f} ({median(ours):.1f} s)", "3", found <= 3)


def kinds():
    """The same of tables of other kinds, made by seed: nothing but the file."""
    for kind in dirty.KINDS:
        for rate in (0.02, 0.05, 0.1):
            header, clean, spoilt, true = dirty.make(kind, 2_000, rate, 1)
            work = Path(tempfile.mkdtemp(prefix="pipe-bench-"))
            for name, rows in (("clean", clean), ("spoilt", spoilt)):
                dirty.write(work / f"{name}.csv", header, rows)
            score.number(work / "spoilt.csv", work / "t.csv")
            suggested = json.loads(Once([PIPE, "suggest", "t.csv", "--apply", "--format", "json"], folder=work).out)
            found = [
                (frozenset(rule["columns"]), re.findall(r"\w+", rule["rule"].split("determines")[1].split(")")[0]))
                for rule in suggested["rules"]
                if rule["check"] == "determines"
            ]
            missing = sum(1 for left, right in true if right not in closure(found, left))
            false = sum(1 for left, rights in found for right in rights if not dirty.holds(header, clean, left, right))
            Once([PIPE, "check", "t.pipe"], folder=work)
            Once([PIPE, "run", "t.pipe"], folder=work)
            score.restore(work / "t.csv", work / "out" / "t.csv", work / "healed.csv")
            result = score.score(work / "spoilt.csv", work / "clean.csv", work / "healed.csv")
            harm = result["broken"] / (len(clean) * len(header))
            told = f"P {result['precision']:.3f} R {result['recall']:.3f} F1 {result['f1']:.3f}, harm {harm:.3%}; {missing} of {len(true)} dependencies missing, {false} false"
            tell(f"suggest, {kind} with {rate:.0%} of errors", told, "harm 0.1%, 0 false", harm < 0.001 and not false)
            shutil.rmtree(work)


def other_command(make, command):
    """Another command on the program of a project."""

    def made():
        argv, clean = make()
        return [PIPE, command, "orders", next(a for a in argv if a.endswith(".pipe"))], clean

    return made


def closure(found, left):
    """All that columns decide, directly or not."""
    known = set(left)
    while True:
        more = {c for by, decided in found if by <= known for c in decided} - known
        if not more:
            return known
        known |= more


def ledger(folder):
    """Row, column and new value of what the ledger of a project says was changed."""
    query = "select \"row\", \"column\", new from pipe.ledger where state = 'applied'"
    out = Once([PIPE, "query", query, str(folder / "p.pipe"), "--format", "csv"]).out
    return {(int(row), column, new) for row, column, new in list(csv.reader(io.StringIO(out)))[1:]}


def profile():
    """Statistics of 20 columns, in one pass."""
    file = columns.file()
    sides = [
        ("table", columns.profile(file, "--columns-only")),
        ("raw", columns.profile(file, "--columns-only", "--raw")),
        ("duckdb", columns.sql(file)),
    ]
    table, raw, peer = pairs("profile", sides, runs=min(RUNS, 3))
    for what, side in (("the table", table), ("the source as it came", raw)):
        found = ratio(side, peer)
        told = f"{found:.2f} (cpu {ratio(side, peer, 'cpu'):.2f}, {peak(side):.0f} MB)"
        tell(f"profile of {columns.ROWS:,} rows x 20, {what}, time over one SQL", told, "2", found <= 2)
    several("profile", "with findings", columns.profile(file), runs=1)


def checks():
    """Twenty checks of ten million rows, with the failing rows written; over text and over a join."""
    folder = quality.files()
    right = lambda run: quality.verdicts(run) == quality.FAILING
    written = ("--failing-rows", "FOLDER/failing.parquet")
    runs = min(RUNS, 3)
    sides = [("pipe", quality.pipe(folder, "checks.pipe", "parquet", *written)), ("datafusion", quality.sql(folder, "datafusion", "rows"))]
    for engine in ("duckdb",):
        try:
            sides.append((engine, quality.sql(folder, engine, "rows")))
        except Missing as missing:
            summary.append((f"checks against {engine}", f"not measured: {missing}", "", None))
    for name, make, why in quality.peers(folder):
        if make is None:
            summary.append((f"checks against {name}", f"not measured: {why}", "", None))
        else:
            sides.append((name, make))
    pipe, peer, *others = pairs("checks", sides, runs=runs, exits=(0, 1))
    what = f"20 checks of {quality.ROWS:,} rows"
    told = json.loads(pipe[-1].out)
    tell(f"{what}: verdicts", f"{quality.verdicts(pipe[-1])} fail, {told['failing_rows_written']} rows written", "3 fail", all(map(right, pipe)))
    found = ratio(pipe, peer)
    tell(f"{what}, failing rows written, time over DataFusion's", f"{found:.2f} (cpu {ratio(pipe, peer, 'cpu'):.2f})", "1.1", found <= 1.1)
    for (name, _), other in zip(sides[2:], others):
        found = ratio(pipe, other)
        tell(f"{what}, time over {name}'s", f"{found:.2f} (cpu {ratio(pipe, other, 'cpu'):.2f})", "1", found < 1)
    tell(f"{what}: peak memory", f"{peak(pipe):.0f} MB", "900 MB", peak(pipe) < 900)
    sides = [("approx", quality.pipe(folder, "checks_approx.pipe", "parquet", *written)), ("datafusion", quality.sql(folder, "datafusion", "approx"))]
    approx, peer = pairs("checks", sides, runs=runs, exits=(0, 1))
    tell(f"{what}, approx: peak memory", f"{peak(approx):.0f} MB", "400 MB", peak(approx) < 400 and all(map(right, approx)))
    for form, bar in (("csv", 3), ("view", 1.5)):
        sides = [("pipe " + form, quality.pipe(folder, "checks.pipe", form)), ("one query each", quality.sql(folder, "datafusion", "each", form))]
        ours, each = pairs("checks", sides, runs=min(runs, 2), exits=(0, 1))
        found = ratio(each, ours)
        told = f"{found:.1f}x faster (cpu {ratio(each, ours, 'cpu'):.1f}x), {peak(ours):.0f} MB"
        tell(f"{what}, over {'text' if form == 'csv' else 'a join'}, against DataFusion's one query a check", told, f"{bar}x", found >= bar and all(map(right, ours)))


def many():
    """Two hundred row rules against twenty on the same file."""
    folder = quality.files()
    twenty, hundreds = (quality.many(folder, n) for n in (20, 200))
    few, all_of_them = pairs("many", [("20 rules", twenty), ("200 rules", hundreds)], runs=min(RUNS, 3), exits=(0, 1))
    found = ratio(all_of_them, few)
    told = f"{found:.2f} (cpu {ratio(all_of_them, few, 'cpu'):.2f}, {peak(all_of_them):.0f} MB)"
    tell(f"200 row rules of {quality.ROWS:,} rows, time over 20", told, "4", found <= 4)


def start():
    """Commands that read no data."""
    runs = several("version", "pipe", lambda: ([PIPE, "--version"], lambda: None), runs=2 * RUNS)
    tell("pipe --version", f"{median(runs) * 1000:.0f} ms", "30 ms", median(runs) < 0.03)
    folder = Path(tempfile.mkdtemp(prefix="pipe-bench-"))
    program = folder / "p.pipe"
    program.write_text(thousand())
    runs = several("check", "1000 statements", lambda: ([PIPE, "check", str(program)], lambda: None), runs=2 * RUNS)
    tell("pipe check of 1,000 statements", f"{median(runs) * 1000:.0f} ms", "200 ms", median(runs) < 0.2)
    shutil.rmtree(folder)


def thousand():
    """A program of 1,000 statements, 300 of them models with joins."""
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
    return "\n".join(text)


def parse():
    """Splitter and pest, in one process."""
    if shutil.which("cargo") is None:
        raise Missing("cargo, which builds the measure of the parser")
    command = ["cargo", "bench", "--quiet", "--locked", "-p", "pipe-syntax", "--bench", "parse"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stderr[-2000:])
    print(f"parse    {done.stdout.strip()}")
    speed = json.loads(done.stdout)["megabytes_per_second"]
    tell("splitter and pest", f"{speed:.1f} MB/s", "3 MB/s", speed >= 3)


ALL = {f.__name__: f for f in [job, memory, copy, rules, unique, rename, growth, repair, suggest, kinds, profile, checks, many, start, parse]}


def main():
    if not Path(PIPE).exists():
        raise SystemExit(f"{PIPE} is not there: cargo build --release --bin pipe --locked")
    names = sys.argv[1:] or list(ALL)
    for name in names:
        if name not in ALL:
            raise SystemExit(f"no benchmark {name}; there are {', '.join(ALL)}")
    began = time.monotonic()
    print(f"{os.cpu_count()} cores, {RUNS} runs each, load {os.getloadavg()[0]:.1f}")
    for name in names:
        try:
            ALL[name]()
        except Missing as missing:
            summary.append((name, f"not measured: {missing}", "", None))
    width = max(len(what) for what, *_ in summary)
    print(f"\n{'measure':{width}}  {'':11}  found (bar)")
    for what, found, bar, met in summary:
        print(f"{what:{width}}  {'not measured' if met is None else 'met' if met else 'MISSED':12} {found}" + (f" ({bar})" if bar else ""))
    print(f"\n{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
