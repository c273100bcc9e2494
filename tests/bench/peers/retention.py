"""The decision in plain Python: dictionaries and loops. Reads rows and report as JSON, prints its own median time."""

import json
import sys
import time


def decide(rows, said, obs, now, ttl):
    covered = {row[0] for row in said if row[1] == "namespace"}
    reported = {(row[0], row[1], row[2]): row for row in said}
    kept, removed, images = {}, [], {}
    for row in rows:
        context, kind, key = row[0], row[1], (row[0], row[1], row[2])
        if kind == "image":
            images[(context, row[3], row[4])] = row
        elif key in reported:
            new = reported[key]
            seen = max(row[8], obs)
            kept[key] = [*new, row[6], now, seen] if obs >= row[8] else [*row[:7], now, seen]
        elif kind in ("pod", "container") and context in covered:
            removed.append((key, "overwritten"))
        else:
            kept[key] = row
    for key, new in reported.items():
        if key not in kept:
            kept[key] = [*new, now, now, obs]
    signs = {}
    for tier in ("container", "pod", "namespace"):
        for key, row in list(kept.items()):
            if row[1] != tier:
                continue
            sign = max(row[8], signs.get(key, row[8]))
            if now - sign > ttl:
                removed.append((key, "expired"))
                del kept[key]
                continue
            signs[key] = sign
            parent = (row[0], "pod", row[5]) if tier == "container" else (row[0], "namespace", row[0].rsplit("/", 1)[1])
            signs[parent] = max(sign, signs.get(parent, sign))
    derived = {}
    for row in kept.values():
        if row[1] == "container":
            image = (row[0], row[3], row[4])
            old = derived.get(image)
            derived[image] = (max(row[7], old[0]), max(row[8], old[1])) if old else (row[7], row[8])
    removed += [(image, "superseded") for image in images if image not in derived]
    deadlines = {key: signs.get(key, row[8]) + ttl + 1 for key, row in kept.items()}
    outcome = [(key, row, deadlines[key]) for key, row in sorted(kept.items(), key=lambda item: item[0])]
    return len(outcome) + len(derived)


document = json.load(sys.stdin)
times = []
for _ in range(int(sys.argv[1])):
    start = time.perf_counter()
    left = decide(document["rows"], document["said"], document["obs"], document["now"], document["ttl"])
    times.append(time.perf_counter() - start)
print(json.dumps({"seconds": sorted(times)[len(times) // 2], "left": left}))
