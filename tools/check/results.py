#!/usr/bin/env python3
"""Counts test cases for ./check and prints "PASSED FAILED SKIPPED".

  results.py junit FILE         what ctest wrote; Criterion's and TAP's own cases count one by one
  results.py tap FILE STATUS    the output and the exit status of an end-to-end script

Output of what failed goes to stderr.
"""
import re
import sys
import xml.etree.ElementTree

CRITERION = re.compile(
    r"Synthesis: Tested: (\d+) \| Passing: (\d+) \| Failing: (\d+)")
TAP = re.compile(r"^\s*(?:\[[ .\d]+\]\s*)?(ok|not ok)\b(?:\s+\d+)?([^#\n]*)(#\s*SKIP\b.*)?",
                 re.MULTILINE | re.IGNORECASE)
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def count_tap(text, succeeded):
    passed = failed = skipped = 0
    for verdict, _name, skip in TAP.findall(text):
        if skip:
            skipped += 1
        elif verdict.lower() == "ok":
            passed += 1
        else:
            failed += 1
    if not succeeded and not failed:
        failed = 1
    if succeeded and not passed + failed + skipped:
        failed = 1  # a script that asserted nothing has not passed
    return passed, failed, skipped


def count_case(text, succeeded):
    """One ctest test: Criterion program, TAP program, or neither."""
    text = ESCAPE.sub("", text)
    found = CRITERION.search(text)
    if found:
        tested, passed, failed = map(int, found.groups())  # crashing ones count as failing
        if not succeeded and not failed:
            failed = 1  # a sanitizer's report at exit, for instance
        return passed, failed, tested - passed - failed
    if TAP.search(text):
        return count_tap(text, succeeded)
    return (1, 0, 0) if succeeded else (0, 1, 0)


def main():
    kind, path = sys.argv[1:3]
    if kind == "tap":
        with open(path, errors="replace") as file:
            totals = count_tap(file.read(), sys.argv[3] == "0")
    else:
        totals = (0, 0, 0)
        for case in xml.etree.ElementTree.parse(path).getroot().iter("testcase"):
            if case.get("status") in ("disabled", "notrun"):
                totals = (totals[0], totals[1], totals[2] + 1)
                continue
            text = case.findtext("system-out") or ""
            succeeded = case.get("status") == "run"
            if not succeeded:
                lines = text.splitlines()[-80:]
                print(f"--- {case.get('name')} failed:", *lines, sep="\n", file=sys.stderr)
            totals = tuple(a + b for a, b in zip(totals, count_case(text, succeeded)))
    print(*totals)


if __name__ == "__main__":
    main()
