"""Checks files that writers hand in: check.py FILE... (sentences/*.tsv or narratives/*.jsonl); names file and line of what is wrong.

A file called gold.jsonl among them is kept for measuring: no run of RUN words of it may stand in any other file named.
"""
import json, pathlib, re, sys

TABLE = pathlib.Path(__file__).resolve().parents[2] / "vocab" / "needs.tsv"
NEEDS = {line.split("\t")[0] for line in TABLE.read_text(encoding="utf8").splitlines()[1:]}
DOMAINS = {f"D{n}" for n in range(1, 14)} | {f"P{n}" for n in range(1, 5)}
RULES = {f"S{n:02d}" for n in range(1, 12)}
STATUSES = {"present", "possible", "past", "absent", "other_person"}
LABEL = re.compile(r"^(-|N\d{3}(:(possible|past|absent|other_person))?|[DP]\d{1,2}=[1-5]|S\d{2}(:(past|denied))?)$")
problems = 0


def say(place, what):
    global problems
    problems += 1
    print(f"{place}: {what}")


def known(label):
    return label == "-" or label[:4] in NEEDS or label.split("=")[0] in DOMAINS or label[:3] in RULES


def sentences(path):
    seen = {}
    for number, line in enumerate(path.read_text(encoding="utf8").splitlines(), 1):
        place, columns = f"{path}:{number}", line.split("\t")
        if len(columns) != 3 or columns[0] not in ("ca", "es", "mixed"):
            say(place, "needs three columns: ca, es or mixed; text; labels")
            continue
        if columns[1].lower() in seen:
            say(place, f"the same text as line {seen[columns[1].lower()]}")
        seen[columns[1].lower()] = number
        for label in columns[2].split():
            if not LABEL.match(label) or not known(label):
                say(place, f"{label} is no label")


def narratives(path):
    for number, line in enumerate(path.read_text(encoding="utf8").splitlines(), 1):
        place = f"{path}:{number}"
        try:
            note = json.loads(line)
        except ValueError as error:
            say(place, f"is not JSON: {error}")
            continue
        marks = [(n.get("need"), n.get("need") in NEEDS and n.get("status") in STATUSES, n) for n in note.get("needs", [])]
        marks += [(d, d in DOMAINS and v.get("level") in (1, 2, 3, 4, 5), v) for d, v in note.get("levels", {}).items()]
        marks += [(s.get("rule"), s.get("rule") in RULES and s.get("status") in ("active", "past", "denied"), s) for s in note.get("safety", [])]
        for name, good, mark in marks:
            if not good:
                say(place, f"{name} is no label: {mark}")
            if not mark.get("evidence"):
                say(place, f"{name} has no evidence")
            for quote in mark.get("evidence") or []:
                if quote not in note["text"]:
                    say(place, f"{name}: the text does not hold {quote!r}")


RUN = 10


def runs(text):
    words = re.findall(r"\w+", text.lower())
    return {" ".join(words[i:i + RUN]) for i in range(len(words) - RUN + 1)}


def texts(path):
    lines = path.read_text(encoding="utf8").splitlines()
    return [line.split("\t")[1] for line in lines] if path.suffix == ".tsv" else [json.loads(line)["text"] for line in lines]


def apart(kept, others):
    """No narrative kept for measuring shares a run of words with what is learnt from."""
    of_kept = {run: note["id"] for path in kept for note in map(json.loads, path.read_text(encoding="utf8").splitlines())
               for run in runs(note["text"])}
    for path in others:
        for number, text in enumerate(texts(path), 1):
            for run in sorted(runs(text) & of_kept.keys())[:1]:
                say(f"{path}:{number}", f"shares {run!r} with {of_kept[run]}, which is kept for measuring")


paths = [pathlib.Path(argument) for argument in sys.argv[1:]]
kept = [path for path in paths if path.name == "gold.jsonl"]
others = [path for path in paths if path.name != "gold.jsonl"]
for path in others:
    sentences(path) if path.suffix == ".tsv" else narratives(path)
if not problems:
    apart(kept, others)
print(f"{len(paths)} files, {problems} problems")
sys.exit(problems > 0)
