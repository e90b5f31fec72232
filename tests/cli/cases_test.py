"""The inputs of real users in ../shared/cases or ../shared/reports: all of them right, judged by transformers.

Usage: cases_test.py BRAID CASES
"""
import runpy
import sys
from pathlib import Path

run = Path(sys.argv[2]) / "run.py"
if not run.exists():
    print(f"SKIPPED: {run.parent} does not exist")
    sys.exit(77)
sys.argv = [str(run), sys.argv[1]]
runpy.run_path(str(run), run_name="__main__")
