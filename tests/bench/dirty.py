"""Dirty tables with their clean versions and true dependencies, made by seed: the kinds that the literature on data cleaning uses.

Shapes and errors follow what is published about each of them (Raha, Baran, HoloClean, BART); every name in them is made up. Errors come at
a share of the cells of the columns that may err, `rate`.
"""

import csv
import random
import string

SYLLABLES = "ba be bi bo bu ca ce co da de di do fa fe ga go ha he ka ki la le li lo ma me mi mo na ne no pa pe po ra re ri ro sa se so ta te ti to va ve vi wa we za zo".split()


class Made:
    """Names, numbers and choices of one table."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.given = set()

    def word(self, least=2, most=4):
        return "".join(self.random.choice(SYLLABLES) for _ in range(self.random.randint(least, most)))

    def name(self, words=1, fresh=True):
        while True:
            text = " ".join(self.word().capitalize() for _ in range(words))
            if not fresh or text not in self.given:
                self.given.add(text)
                return text

    def digits(self, length):
        return str(self.random.randint(1, 9)) + "".join(self.random.choice(string.digits) for _ in range(length - 1))

    def skewed(self, things):
        """One of them, the first ones more often."""
        return things[min(int(self.random.paretovariate(1.2)) - 1, len(things) - 1)] if self.random.random() < 0.3 else self.random.choice(things)


def places(made, cities, states):
    names = [made.word(1, 1).upper()[:1] + chr(65 + i) for i in range(states)]
    names = sorted(set(names))[:states]
    return [(made.name(), made.random.choice(names)) for _ in range(cities)]


def beers(made, rows):
    towns = places(made, 120, 22)
    breweries = [(str(i), made.name(2) + " Brewing Company", *made.random.choice(towns)) for i in range(rows // 5)]
    styles = [made.name(2) for _ in range(60)]
    table = []
    for i in range(rows):
        brewery = made.skewed(breweries)
        ibu = made.random.choice(["", str(made.random.randint(5, 110))])
        table.append([str(i + 1), made.name(2), made.skewed(styles), made.random.choice(["12", "16", "12", "8.4", "24", "32"]), f"{made.random.randint(30, 99) / 1000:g}", ibu, *brewery])
    header = "id beer_name style ounces abv ibu brewery_id brewery_name city state".split()
    errors = {"ounces": [unit(" oz", " OZ.", " ounce")], "abv": [unit("%")], "ibu": [gone("N/A")], "city": [typo, other], "state": [gone("")], "brewery_name": [typo]}
    return header, table, errors, [(["brewery_id"], "brewery_name"), (["brewery_id"], "city"), (["brewery_id"], "state")]


def articles(made, rows):
    journals = []
    for _ in range(rows // 8):
        title = made.name(4)
        journals.append((title, ". ".join(w[:4] for w in title.split()), f"{made.digits(4)}-{made.digits(4)}"))
    table = []
    for i in range(rows):
        day = f"{made.random.randint(1990, 2015)}-{made.random.randint(1, 12):02}-{made.random.randint(1, 28):02}"
        first = made.random.randint(1, 900)
        table.append([str(i + 1), made.name(7), made.random.choice(["eng", "eng", "eng", "ger", "fre", "spa"]), *made.skewed(journals), str(made.random.randint(1, 80)), str(made.random.randint(1, 12)), day, f"{first}-{first + made.random.randint(2, 20)}", made.name(2)])
    header = "id article_title article_language journal_title journal_abbreviation journal_issn article_volume article_issue article_created_at pagination author".split()
    errors = {"article_title": [typo], "article_language": [gone("")], "journal_title": [typo, gone("")], "journal_abbreviation": [typo], "journal_issn": [gone(""), typo], "article_created_at": [american], "pagination": [gone("")]}
    return header, table, errors, [(["journal_title"], "journal_abbreviation"), (["journal_title"], "journal_issn")]


def movies(made, rows):
    directors = [(made.name(2), made.random.choice(["USA", "UK", "France", "India", "Japan"])) for _ in range(rows // 12)]
    table = []
    for i in range(rows):
        director = made.skewed(directors)
        year = made.random.randint(1950, 2015)
        table.append([f"tt{made.digits(7)}", made.name(3), str(year), f"{made.random.randint(1, 28)} {made.random.choice(['January', 'May', 'June', 'October'])} {year}", director[0], director[1], f"{made.random.randint(70, 200)} min", f"{made.random.randint(10, 99) / 10}", str(made.random.randint(50, 900_000)), made.random.choice(["Drama", "Comedy", "Action", "Horror"])])
    header = "id name year release_date director country duration rating_value rating_count genre".split()
    errors = {"name": [typo], "duration": [hours], "rating_count": [thousands], "rating_value": [gone("")], "director": [typo], "country": [gone("")], "genre": [typo]}
    return header, table, errors, [(["director"], "country")]


def tax(made, rows):
    states = sorted({made.word(1, 1).upper()[:1] + c for c in string.ascii_uppercase})
    codes = {state: [made.digits(3) for _ in range(3)] for state in states}
    taken = {}
    codes = {state: [c for c in own if taken.setdefault(c, state) == state] or [made.digits(3) + "0"] for state, own in codes.items()}
    zips = [(made.digits(5), made.name(), made.random.choice(states)) for _ in range(rows // 10)]
    exempt = {(s, m): str(made.random.randint(0, 60) * 100) for s in states for m in "SM"}
    names = [(made.name(), made.random.choice("MF")) for _ in range(300)]
    table = []
    for _ in range(rows):
        zip_code, city, state = made.skewed(zips)
        first, gender = made.random.choice(names)
        marital = made.random.choice("SM")
        table.append([first, made.name(fresh=False), gender, made.random.choice(codes[state]), f"{made.digits(3)}-{made.digits(4)}", city, state, zip_code, marital, made.random.choice("YN"), str(made.random.randint(5, 900) * 100), exempt[state, marital]])
    header = "f_name l_name gender area_code phone city state zip marital_status has_child salary exemption".split()
    errors = {"gender": [other], "city": [typo], "state": [other], "zip": [typo], "marital_status": [other], "exemption": [other], "phone": [typo]}
    return header, table, errors, [(["f_name"], "gender"), (["area_code"], "state"), (["zip"], "city"), (["zip"], "state"), (["state", "marital_status"], "exemption")]


def restaurants(made, rows):
    towns = [(made.name(), made.digits(3)) for _ in range(40)]
    kinds = [made.name().lower() for _ in range(18)]
    table = []
    for i in range(rows):
        city, area = made.skewed(towns)
        table.append([str(i), made.name(2).lower(), f"{made.digits(3)} {made.word()} st.", city.lower(), f"{area}/{made.digits(3)}-{made.digits(4)}", area, made.skewed(kinds)])
    header = "id name addr city phone area_code type".split()
    errors = {"city": [upper, typo], "phone": [dashes], "area_code": [typo], "type": [typo, upper], "name": [typo]}
    return header, table, errors, [(["city"], "area_code"), (["area_code"], "city")]


def census(made, rows):
    levels = [(made.name(), str(i)) for i in range(1, 17)]
    work = ["Private", "State-gov", "Federal-gov", "Self-emp-inc", "Self-emp-not-inc"]
    jobs = [made.name() for _ in range(14)]
    relations = [("Husband", "Male"), ("Wife", "Female"), ("Own-child", ""), ("Unmarried", ""), ("Not-in-family", "")]
    table = []
    for _ in range(rows):
        level, number = made.skewed(levels)
        relation, sex = made.random.choice(relations)
        married = "Married-civ-spouse" if sex else made.random.choice(["Never-married", "Divorced", "Widowed"])
        table.append([str(made.random.randint(17, 90)), made.random.choice(work), level, number, married, made.random.choice(jobs), relation, sex or made.random.choice(["Male", "Female"]), str(made.random.randint(1, 99)), "United-States" if made.random.random() < 0.9 else made.random.choice(["Mexico", "India", "Canada"]), made.random.choice(["<=50K", "<=50K", "<=50K", ">50K"])])
    header = "age workclass education education_num marital_status occupation relationship sex hours_per_week native_country income".split()
    errors = {"workclass": [gone("?"), typo], "education": [typo], "education_num": [other], "occupation": [gone("?")], "sex": [other], "marital_status": [typo], "native_country": [typo]}
    return header, table, errors, [(["education"], "education_num"), (["education_num"], "education")]


def soccer(made, rows):
    teams = [(made.name() + " FC", made.name(), made.name(2) + " Stadium") for _ in range(40)]
    managers = {(t[0], s): made.name(2) for t in teams for s in range(2010, 2020)}
    table = []
    for i in range(rows):
        team, city, stadium = made.random.choice(teams)
        season = made.random.randint(2010, 2019)
        table.append([made.name(2), str(made.random.randint(1975, 2000)), made.random.choice(["Defender", "Midfield", "Attack", "Goalkeeper"]), team, city, stadium, str(season), managers[team, season]])
    header = "player birth_year position team city stadium season manager".split()
    errors = {"position": [typo], "city": [typo, other], "stadium": [typo, gone("")], "manager": [typo, other], "birth_year": [typo]}
    return header, table, errors, [(["team"], "city"), (["team"], "stadium"), (["team", "season"], "manager"), (["stadium"], "team")]


def stocks(made, rows):
    """Sources that report on the same things and differ."""
    symbols = [made.word().upper()[:4] + made.digits(1) for _ in range(rows // 25)]
    truth = {s: [f"{made.random.randint(100, 99999) / 100:.2f}" for _ in range(3)] + [f"{made.random.randint(1, 900)}.{made.digits(1)}M"] for s in symbols}
    sources = [made.name().lower() for _ in range(25)]
    table = [[f"{s}-{t}", s, t, *truth[t]] for t in symbols for s in sources]
    header = "id source symbol open_price high_price low_price volume".split()
    errors = {c: [gone(""), other, other] for c in header[3:]}
    return header, table, errors, [(["symbol"], c) for c in header[3:]]


KINDS = {f.__name__: f for f in [beers, articles, movies, tax, restaurants, census, soccer, stocks]}


def typo(made, text, _):
    if not text:
        return text
    at = made.random.randrange(len(text))
    letter = made.random.choice(string.digits if text[at].isdigit() else string.ascii_lowercase)
    return made.random.choice([text[:at] + letter + text[at + 1 :], text[:at] + letter + text[at:], text[:at] + text[at + 1 :], text[:at] + text[at + 1 : at + 2] + text[at] + text[at + 2 :]])


def other(made, _, column):
    return made.random.choice(column)


def gone(word):
    return lambda made, text, column: word


def unit(*forms):
    return lambda made, text, column: text + made.random.choice(forms) if text else text


def american(made, text, _):
    year, month, day = text.split("-")
    return f"{int(month)}/{int(day)}/{year[2:]}"


def hours(made, text, _):
    minutes = int(text.split()[0])
    return f"{minutes // 60} hr. {minutes % 60} min."


def thousands(made, text, _):
    return f"{int(text):,}"


def upper(made, text, _):
    return text.upper()


def dashes(made, text, _):
    return text.replace("/", "-")


def make(kind, rows, rate, seed):
    """Header, clean rows, dirty rows, true dependencies."""
    made = Made(f"{kind} {seed}")
    header, clean, errors, true = KINDS[kind](made, rows)
    columns = {name: [row[i] for row in clean] for i, name in enumerate(header)}
    dirty = [list(row) for row in clean]
    for row in dirty:
        for i, name in enumerate(header):
            if name in errors and made.random.random() < rate:
                row[i] = made.random.choice(errors[name])(made, row[i], columns[name])
    return header, clean, dirty, true


def holds(header, rows, left, right):
    """Whether a dependency holds everywhere; columns that the table has not name a row, and decide all."""
    places = [header.index(c) for c in left if c in header]
    if len(places) < len(left) or right not in header:
        return True
    seen = {}
    for row in rows:
        key = tuple(row[i] for i in places)
        if "" not in key and seen.setdefault(key, row[header.index(right)]) != row[header.index(right)]:
            return False
    return True


def write(path, header, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
