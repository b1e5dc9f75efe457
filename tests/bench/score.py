"""Scores of a repair, cell by cell, as Raha and Baran publish theirs (BigDaMa/raha, `get_data_cleaning_evaluation`).

Precision is the share of the changed cells that are right now, recall the share of the wrong cells; `broken` are right
cells that were changed. HTML entities and runs of blanks are made alike before anything is compared.
"""

import csv
import html
import re

_BLANKS = re.compile(r"[\t\n ]+")


# A run promises no order of rows: those that were repaired come last. So each carries its number.
NUMBER = "row_number"


def number(table, into):
    """Copies a table, with the number of each row from 0 in front."""
    header, rows = _read(table)
    with open(into, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([[NUMBER, *header], *([i, *row] for i, row in enumerate(rows))])


def _read(path):
    """The header and the rows, in the order of their numbers if they have any."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        header, *rows = (row for row in csv.reader(file) if row)
    header = [h.strip() for h in header]
    if header[0] == NUMBER:
        rows = [row[1:] for row in sorted(rows, key=lambda row: int(row[0]))]
        header = header[1:]
    return header, rows


def restore(numbered, healed, into):
    """Writes what a run left of a numbered table in its order; rows that are in quarantine as they came, without their numbers."""
    with open(healed, encoding="utf-8-sig", newline="") as file:
        left = {row[0]: row for row in list(csv.reader(file))[1:]}
    with open(numbered, encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    with open(into, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header[1:], *(left.get(row[0], row)[1:] for row in rows)])


def _normal(text):
    return _BLANKS.sub(" ", html.unescape(text.replace("\r\n", "\n").replace("\r", "\n"))).strip("\t\n ")


def _cells(*paths):
    """The cells of tables of one shape, side by side, with row and column."""
    read = [_read(path) for path in paths]
    header = read[0][0]
    if len({(len(h), len(rows)) for h, rows in read}) != 1:
        raise SystemExit(f"{paths}: tables of different shapes")
    for row, lines in enumerate(zip(*(rows for _, rows in read))):
        for column, name in enumerate(header):
            yield row, name, [line[column] for line in lines]


def cells(path):
    """The cells of a table, with row and column."""
    return _cells(path)


def score(dirty, clean, repaired):
    """Counts and ratios of a repair."""
    wrong = changed = corrected = broken = 0
    for _, _, texts in _cells(dirty, clean, repaired):
        was, right, now = map(_normal, texts)
        wrong += was != right
        if now != was:
            changed += 1
            corrected += was != right and now == right
            broken += was == right
    precision = corrected / changed if changed else 0.0
    recall = corrected / wrong if wrong else 0.0
    f1 = 2 * precision * recall / (precision + recall) if corrected else 0.0
    return {"precision": precision, "recall": recall, "f1": f1, "corrected": corrected, "broken": broken}


def changed(dirty, repaired):
    """Row, column and new text of the cells that differ."""
    return {(row, name, texts[1]) for row, name, texts in _cells(dirty, repaired) if texts[0] != texts[1]}
