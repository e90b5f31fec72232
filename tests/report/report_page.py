"""The report in a browser: no console errors, no network, the numbers on the page are those of the JSON.

usage: report_page.py BRAID EMBEDDED [RESULTS [SCREENSHOT]]
"""
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import program
from program import braid, check

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
try:
    from playwright.sync_api import sync_playwright
except ImportError:
    sync_playwright = None
if not CHROMIUM or not sync_playwright:
    print("skipped: needs chromium (Debian) and playwright (pip)")
    sys.exit(77)

EMBEDDED = Path(sys.argv[2]).resolve()
GIVEN = Path(sys.argv[3]).resolve() if len(sys.argv) > 3 else None
SCREENSHOT = sys.argv[4] if len(sys.argv) > 4 else None


def number(value):
    return "" if value is None else f"{value:.3f}"


def with_error(value):
    return number(value["mean"]) + ("" if value["error"] is None else f" ± {value['error']:.3f}")


def table_is_right(page, results):
    for task in results["tasks"]:
        table = page.locator(f"table.summary[data-task='{task['task']}']")
        rows = [r for r in results["summary"] if r["task"] == task["task"]]
        check(table.locator("tbody tr").count() == len(rows), f"{task['task']}: rows")
        heads = [h.replace("\n", " ") for h in table.locator("thead th").all_inner_texts()]
        columns = {"barrier": "barrier", "against the chord": "barrier_chord", "loss at t = ½": "midpoint",
                   "loss at t = 1": "end", "loss of A and B": "ends"}
        for metric in next(c for c in results["curves"] if c["task"] == task["task"])["metrics"]:
            if metric == "perplexity":
                continue
            columns |= {f"{metric} at t = ½": metric, f"{metric} of A and B": f"{metric}_ends"}
        for i, row in enumerate(rows):
            cells = table.locator("tbody tr").nth(i).locator("th, td").all_inner_texts()
            check(cells[0].replace("†", "").strip() == row["variant"], f"variant of row {i}")
            for head, key in columns.items():
                check(cells[heads.index(head)] == with_error(row[key]), f"{task['task']} row {i} {head}: "
                      f"{cells[heads.index(head)]} is not {with_error(row[key])}")
            if "published" in heads[3:4]:
                check(cells[3] != "" or "published" not in row, "published number is missing")


def curves_are_right(page, results):
    """Hover and keys show the mean over pairs at the nearest point."""
    task = results["tasks"][0]["task"]
    figure = page.locator(f"#{task}-loss")
    figure.scroll_into_view_if_needed()
    box = figure.locator("svg").first.bounding_box()
    points = results["points"]
    size = results["sizes"][-1]

    def expected(variant, point):
        values = [c["loss"][point] for c in results["curves"]
                  if c["task"] == task and c["variant"] == variant["name"] and c["size"] in (size, 0)]
        return number(sum(values) / len(values))

    def shown():
        return [text.split(" ± ")[0] for text in figure.locator(".legend .value").all_inner_texts()]

    page.mouse.move(box["x"] + box["width"] * (62 + (720 - 62 - 14) / 2) / 720, box["y"] + box["height"] / 2)
    for variant, value in zip(results["variants"], shown()):
        check(value == expected(variant, points // 2), f"hover: {variant['name']} {value}")
    figure.focus()
    page.keyboard.press("End")
    check(shown()[0] == expected(results["variants"][0], points - 1), "End key")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    check(shown()[-1] == expected(results["variants"][-1], 1), "arrow key")
    check(results["variants"][0]["name"] in figure.locator("[role=status]").inner_text(), "nothing is said")


def accessible(page):
    check(page.locator("html[lang]").count() == 1 and page.locator("main").count() == 1, "landmarks")
    check(page.locator("h1").count() == 1, "one h1")
    for svg in page.locator("svg[role=img]").all():
        check(svg.locator("title").count() == 1, "a picture without a title")
    for table in page.locator("main table").all():
        check(table.locator("caption").count() == 1, "a table without a caption")
    page.keyboard.press("Tab")
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    check(len(ids) == len(set(ids)), "an id is there twice")


def opens(browser, path, results):
    for width, scheme in ((1280, "light"), (768, "dark"), (375, "light")):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True)
        page = context.new_page()
        problems = []
        page.on("console", lambda message: problems.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda request: None if request.url.startswith(("file:", "data:")) else problems.append(request.url))
        page.goto(path.as_uri())
        check(json.loads(page.locator("#results").text_content()) == results, "the page's data is not the JSON")
        table_is_right(page, results)
        curves_are_right(page, results)
        accessible(page)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        check(wide <= 0, f"{width} px: the page is {wide} px too wide")
        page.emulate_media(media="print")
        check(not page.locator("nav").is_visible(), "navigation in print")
        page.emulate_media(media="screen")
        check(not problems, f"{width} px: {problems}")
        if SCREENSHOT and width == 1280:
            page.evaluate("window.scrollTo(0, 0)")
            page.screenshot(path=SCREENSHOT)
        context.close()


def small_study():
    verses = "".join(f"the word of the lord came unto {name} and he went up\n" for name in
                     "moses david saul aaron joshua samuel eli jacob esau isaac noah adam seth enoch lot".split())
    (scratch / "text.txt").write_text(verses * 4)
    (scratch / "small <study>.yaml").write_text(f"""
title: "Small </script> & <b>study</b>"
models: ["{EMBEDDED}/bert-1", "{EMBEDDED}/bert-2"]
tasks: [{{task: mlm, text: text.txt, align: {{text: text.txt}}}}]
points: 5
sizes: [5, 20]
variants:
  - {{name: "plain <&>", align: none, published: {{mlm: [4.95, 0.38]}}}}
  - {{name: heads free, preset: paper, heads: ignore}}
  - {{name: best, preset: best}}
""")
    braid("study", "small <study>.yaml", "-o", "study", cwd=scratch)
    return scratch / "study"


with tempfile.TemporaryDirectory() as name:
    scratch = Path(name)
    folder = GIVEN or small_study()
    results = json.loads((folder / "results.json").read_text())
    braid("report", folder, "-o", scratch / "page.html", "--figures", scratch / "figures", cwd=scratch)
    for svg in (scratch / "figures").iterdir():
        check("var(--" not in svg.read_text(), f"{svg.name} needs the page's style")
    os.environ["PLAYWRIGHT_SKIP_VALIDATE_HOST_REQUIREMENTS"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"], timeout=120_000)
        opens(browser, scratch / "page.html", results)
        if not GIVEN:
            braid("barrier", EMBEDDED / "bert-1", EMBEDDED / "bert-2", "--no-align", "--text", scratch / "text.txt",
                  "--points", 3, "--json", scratch / "ab.json")
            braid("report", scratch / "ab.json", cwd=scratch)
            page = browser.new_page()
            page.goto((scratch / "ab.html").as_uri())
            shown = page.locator("table.summary tbody tr td").first.inner_text()
            check(shown == number(json.loads((scratch / "ab.json").read_text())["barrier"]), "a curve's page")
        browser.close()
print(f"{program.checks} checks passed")
