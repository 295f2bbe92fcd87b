"""Figures below which a change does not land, on the development narratives: bars.py NARRATIVES.json FINDINGS.json."""
import json, sys

BARS = {  # name: (at least, at most)
    "needs_micro_f1": (0.60, 1), "safety_recall": (0.90, 1), "safety_precision": (0.70, 1),
    "denied_past_other_proposed_as_present": (0, 0.10), "levels_scored_of_gold": (0.75, 1),
    "levels_within_1": (0.90, 1), "levels_weighted_kappa": (0.60, 1), "right": (0.30, 1),
}
figures = {**json.load(open(sys.argv[1])), **json.load(open(sys.argv[2]))}
missed = 0
for name, (low, high) in BARS.items():
    good = low <= figures[name] <= high
    missed += not good
    print(f"{'good' if good else 'MISSED':7} {name:40} {figures[name]:.3f}  [{low}, {high}]")
sys.exit(missed > 0)
