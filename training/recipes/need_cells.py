"""Which level a need goes with, from the training narratives: need_cells.py > vocab/matrix/need_cells.tsv

A need that is present (or denied) where a domain is scored, often enough and mostly near one level, is evidence for that level. The
table is meant to be read and corrected by people: a row that says nothing sensible is deleted.
"""
import collections, json, pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
OWN = {row[0]: row[5].split() for row in (line.split("\t") for line in (ROOT / "vocab/needs.tsv").read_text(encoding="utf8").splitlines()[1:])}
LEAST, NEAR, SHARE, LIFT, LIFT_OWN = 4, 0.75, 0.5, 2.5, 1.3

levels, needs, scored, notes = collections.defaultdict(collections.Counter), collections.Counter(), collections.Counter(), 0
for path in sorted((ROOT / "training/narratives").glob("*.jsonl")):
    for line in path.read_text(encoding="utf8").splitlines():
        note = json.loads(line)
        notes += 1
        given = {domain: value["level"] for domain, value in note["levels"].items() if value and value.get("level")}
        scored.update(given.keys())
        for key in {(need["need"], need["status"]) for need in note["needs"]}:
            needs[key] += 1
            for domain, level in given.items():
                levels[key, domain][level] += 1

print("need\tstatus\tdomain\tlevel\tnotes")
for ((need, status), domain), counts in sorted(levels.items()):
    n = sum(counts.values())
    level = sorted(counts.elements())[(n - 1) // 2]
    near = sum(c for other, c in counts.items() if abs(other - level) <= 1) / n
    share = n / needs[need, status]
    lift = share / (scored[domain] / notes)
    fits = lift >= LIFT or domain in OWN.get(need, []) and lift >= LIFT_OWN
    if status in ("present", "absent") and n >= LEAST and near >= NEAR and share >= SHARE and fits:
        print(f"{need}\t{status}\t{domain}\t{level}\t{n}")
