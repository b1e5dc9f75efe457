"""What is measured on. Made when it is not there: every value is a function of the row's number."""

import os
from datetime import datetime, timedelta
from pathlib import Path

from measure import TARGET, Missing

DATA = Path(os.environ.get("PIPE_DATA", TARGET / "bench-data"))
COUNTRIES = ["DE", "FR", "US", "GB", "ES", "IT", "NL", "PL"]
STATUSES = ["new", "paid", "shipped", "refunded"]
HEADER = "order_id,customer_id,customer_email,amount,quantity,country,status,ordered_at"


def made(name, lines):
    """A file of the data folder; `lines` gives its lines when it has to be made."""
    path = DATA / name
    if not path.exists():
        DATA.mkdir(parents=True, exist_ok=True)
        part = path.with_name(name + ".part")
        print(f"making {path}", flush=True)
        with open(part, "w", encoding="utf-8", newline="") as out:
            out.writelines(f"{line}\n" for line in lines())
        part.rename(path)
    return path.resolve()


def given(name):
    """A file or folder that cannot be made."""
    path = DATA / name
    if not path.exists():
        raise Missing(f"PIPE_DATA has no {name}")
    return path.resolve()


def order(i):
    customer = (i * 7919) % 50021
    at = datetime(2025, 1, 1) + timedelta(seconds=(i * 37) % 31536000)
    return (
        i,
        "" if i % 500 == 33 else customer + 1,
        f"user{i}.example.com" if i % 100 == 7 else f"user{customer}@example.com",
        (-1 if i % 200 == 13 else 1) * round(((i * 104729) % 99991) / 100 + 0.01, 2),
        i % 9 + 1,
        COUNTRIES[(i * 31) % 8],
        "UNKNOWN" if i % 250 == 21 else STATUSES[(i * 13) % 4],
        at,
    )


def orders(millions):
    """Orders with known faults: of 1,000 rows 979 pass the rules of `job.pipe`."""

    def lines():
        yield HEADER
        for i in range(1, millions * 1_000_000 + 1):
            yield ",".join(map(str, order(i)))

    return made(f"orders_{millions}m.csv", lines)


def another_day(name, header):
    """The orders of another day, one more, under this header."""
    source = orders(1)

    def lines():
        with open(source, encoding="utf-8") as file:
            next(file)
            yield header
            yield from (line.rstrip("\n") for line in file)
            yield ",".join(map(str, order(1_000_001)))

    return made(name, lines)


# Prime, so that multiples of a number below it meet no value twice.
PRIME = 20_000_003


def keys(repeated):
    """20 million keys in no order; with `repeated` three of them occur twice, far apart."""

    def lines():
        yield "id"
        for i in range(1, 20_000_001):
            row = i - 19_000_000 if repeated and i > 19_999_997 else i
            yield str(row * 7919 % PRIME)

    return made("keys_20m_repeated.csv" if repeated else "keys_20m.csv", lines)
