"""Gold of narratives from their writers' labels and a second, blind annotator's: gold.py FIRST.jsonl SECOND.jsonl... OUT.jsonl

FIRST and the SECONDs are in the form of narratives/*.jsonl (guide.md); FIRST has the texts. The gold keeps what both saw: a need that
only one saw as present becomes possible, a level that only one gave or on which they differ by more than one is "?", else the lower
holds; an alert that only one saw goes to safety_maybe. Prints the agreement of the two.
"""
import collections, json, pathlib, sys

KEYS = dict(zip([f"D{n}" for n in range(1, 14)], ["income", "work_education", "time_use", "housing", "domestic_relations", "mental_health",
    "physical_health", "substance_use", "basic_adl", "instrumental_adl", "social_network", "community_participation", "justice"]))
ALERTS = dict(S01="suicide_risk", S02="gender_violence", S03="child_abuse", S04="elder_abuse", S05="eviction_imminent",
              S06="homeless_tonight", S07="medical_emergency")


def lines(path):
    return [json.loads(line) for line in pathlib.Path(path).read_text(encoding="utf8").splitlines() if line.strip()]


def statuses(note):
    """What is said of each need; of several the most present."""
    order = ["present", "possible", "past", "other_person", "absent"]
    said = {}
    for need in sorted(note["needs"], key=lambda n: -order.index(n["status"])):
        said[need["need"]] = need["status"]
    return said


def active(note):
    return {s["rule"] for s in note["safety"] if s["status"] == "active"}


def merged(a, b):
    one, two = statuses(a), statuses(b)
    needs = []
    for need in sorted(set(one) | set(two)):
        x, y = one.get(need), two.get(need)
        status = x if x == y else "possible" if "present" in (x, y) else x or y
        quotes = [q for n in a["needs"] + b["needs"] if n["need"] == need for q in n["evidence"]]
        needs.append({"label": need, "status": status, "evidence": quotes[0]})
    ssm = {}
    for domain, key in KEYS.items():
        x, y = ((note["levels"].get(domain) or {}).get("level") for note in (a, b))
        ssm[key] = None if x is None and y is None else "?" if x is None or y is None or abs(x - y) > 1 else min(x, y)
    both, either = active(a) & active(b), active(a) | active(b)
    names = lambda rules: sorted(ALERTS[r] for r in rules if r in ALERTS)
    return {"id": a["id"], "lang": a["lang"], "needs": needs, "ssm": ssm, "safety": names(both), "safety_maybe": names(either - both),
            "text": a["text"]}


def kappa(pairs):
    n, observed = len(pairs), collections.Counter(pairs)
    rows, columns = collections.Counter(a for a, _ in pairs), collections.Counter(b for _, b in pairs)
    weight = lambda i, j: (i - j) ** 2
    seen = sum(weight(*p) * c for p, c in observed.items())
    chance = sum(weight(i, j) * rows[i] * columns[j] for i in rows for j in columns) / n
    return 1 - seen / chance if chance else float("nan")


def agreement(pairs):
    present = lambda note: {n for n, s in statuses(note).items() if s == "present"}
    same = sum(len(present(a) & present(b)) for a, b in pairs)
    either = sum(len(present(a)) + len(present(b)) for a, b in pairs)
    levels = [(a["levels"][d]["level"], b["levels"][d]["level"]) for a, b in pairs for d in a["levels"] if d in b["levels"]]
    alerts = sum(len(active(a) & active(b)) for a, b in pairs), sum(len(active(a) | active(b)) for a, b in pairs)
    return {"narratives": len(pairs), "needs present F1": round(2 * same / either, 3), "levels given by both": len(levels),
            "levels exact": round(sum(x == y for x, y in levels) / len(levels), 3),
            "within one": round(sum(abs(x - y) <= 1 for x, y in levels) / len(levels), 3), "weighted kappa": round(kappa(levels), 3),
            "alerts both / either": f"{alerts[0]} / {alerts[1]}"}


first, out = lines(sys.argv[1]), pathlib.Path(sys.argv[-1])
second = {note["id"]: note for path in sys.argv[2:-1] for note in lines(path)}
pairs = [(note, second[note["id"]]) for note in first if note["id"] in second]
if missing := [note["id"] for note in first if note["id"] not in second]:
    sys.exit(f"no second labels for {', '.join(missing)}")
out.write_text("".join(json.dumps(merged(a, b), ensure_ascii=False) + "\n" for a, b in pairs), encoding="utf8")
print(json.dumps(agreement(pairs), indent=1))
