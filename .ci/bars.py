"""Figures on the development narratives: bars.py NARRATIVES.json FINDINGS.json REPORT.json.

Fails if a figure is worse than the one the model in force was released with (REPORT.json, "dev"); prints beside each the bar that
the product aims at, and whether it is reached. A bar that is not reached is said, here and in the report, and never lowered.
"""
import json, sys

BARS = {  # name: (at least, at most)
    "needs_micro_f1": (0.60, 1), "safety_recall": (0.90, 1), "safety_precision": (0.70, 1),
    "denied_past_other_proposed_as_present": (0, 0.10), "levels_scored_of_gold": (0.75, 1),
    "levels_within_1": (0.90, 1), "levels_weighted_kappa": (0.60, 1), "right": (0.30, 1),
}
SLACK = 0.005  # another kind of processor may round a probability the other way

figures = {**json.load(open(sys.argv[1])), **json.load(open(sys.argv[2]))}
released = json.load(open(sys.argv[3]))["dev"]
worse = []
for name, (low, high) in BARS.items():
    now, then = figures[name], released[name]
    fell = now > then + SLACK if high < 1 else now < then - SLACK
    worse += [name] * fell
    bar = f"≥ {low}" if high == 1 else f"≤ {high}"
    print(f"{name:40} {now:.3f}  released {then:.3f}  bar {bar:7} {'reached' if low <= now <= high else 'NOT reached'}{'  WORSE' if fell else ''}")
if worse:
    sys.exit(f"worse than the report of the model in force: {', '.join(worse)}")
