"""Writes training/reports/relat.json and relat.md and the table of README.md from the figures of the model in force.

report.py [SHARED], from the repository root after a release build; SHARED is the folder with data/ (default ../shared).
"""
import json, pathlib, subprocess, sys, tempfile

SHARED = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "../shared") / "data"
LABELS, OWN = SHARED / "narratives_dev/LABELS.tsv", pathlib.Path("training/test/labels.tsv")
SETS = {  # name: (kind, gold, labels)
    "dev": ("narratives", SHARED / "narratives_dev/gold.jsonl", LABELS),
    "codes": ("concepts", SHARED / "narratives_dev/findings.jsonl", None),
    "own": ("narratives", pathlib.Path("training/dev/gold.jsonl"), OWN),
    "test": ("narratives", pathlib.Path("training/test/gold.jsonl"), OWN),
    "real": ("narratives", SHARED / "real_samples/gold.jsonl", LABELS),
}
ROWS = [  # what, key, at least, at most
    ("needs, micro-F1", "needs_micro_f1", 0.60, None), ("needs, precision", "needs_precision", None, None),
    ("needs, recall", "needs_recall", None, None),
    ("denied, past, other proposed as present", "denied_past_other_proposed_as_present", None, 0.10),
    ("safety, recall", "safety_recall", 0.90, None), ("safety, precision", "safety_precision", 0.70, None),
    ("levels scored of those gold scores", "levels_scored_of_gold", 0.75, None), ("levels within one", "levels_within_1", 0.90, None),
    ("levels exact", "levels_exact", None, None), ("levels, quadratic weighted κ", "levels_weighted_kappa", 0.60, None),
    ("level 1, recall", "level1_recall", None, None),
]


def command(kind, gold, labels):
    return ["relat", "evaluate", kind, "--gold", str(gold)] + (["--labels", str(labels)] if labels else [])


def measured(kind, gold, labels):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "figures.json"
        run = ["./target/release/relat", *command(kind, gold, labels)[1:], "--json", str(out)]
        subprocess.run(run, check=True, stdout=subprocess.DEVNULL)
        return json.loads(out.read_text())


def bar(value, low, high):
    if low is None and high is None:
        return ""
    reached = value >= low if low is not None else value <= high
    return f"{f'≥ {low:.2f}' if low is not None else f'≤ {high:.2f}'}: {'reached' if reached else '**not reached**'}"


def table(figures):
    dev, codes, columns = figures["dev"], figures["codes"], ("dev", "own", "test", "real")
    lines = ["| what | development | own development | own test | real samples | bar |", "| --- | --- | --- | --- | --- | --- |"]
    for what, key, low, high in ROWS:
        cells = " | ".join(f"{figures[c][key]:.3f}" for c in columns)
        lines.append(f"| {what} | {cells} | {bar(dev[key], low, high)} |")
    for language in ("ca", "es", "mixed"):
        of = lambda c: figures[c]["micro_f1_by_language"].get(language)
        lines.append(f"| needs, micro-F1, {language} | {' | '.join('–' if of(c) is None else f'{of(c):.3f}' for c in columns)} | |")
    lines.append(f"| marked phrases found | {codes['found']:.3f} | | | | |")
    lines.append(f"| marked phrases coded right | {codes['right']:.3f} | | | | {bar(codes['right'], 0.30, None)} |")
    lines += [f"| coded right, {language} | {value:.3f} | | | | |" for language, value in codes["right_by_language"].items()]
    return "\n".join(lines)


def between(text, start, end, new):
    head, rest = text.split(start, 1)
    return head + start + "\n" + new + "\n" + end + rest.split(end, 1)[1]


figures = {name: measured(*how) for name, how in SETS.items()}
plain = {name: {k: v for k, v in of.items() if k != "per_class"} for name, of in figures.items()}
codes = plain.pop("codes")
plain["dev"].update({key: codes[key] for key in ("found", "right")})
reports = pathlib.Path("training/reports")
(reports / "relat.json").write_text(json.dumps(plain, indent=1) + "\n")
made = table(figures)
report = reports / "relat.md"
report.write_text(between(report.read_text(), "<!-- figures -->", "<!-- end of figures -->", made))
readme = pathlib.Path("README.md")
readme.write_text(between(readme.read_text(), "<!-- figures -->", "<!-- end of figures -->", made))
print(made)
