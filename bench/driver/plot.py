"""One SVG for each workload: a panel for each metric, a bar for each median, a line from minimum to maximum."""

import math
from xml.sax.saxutils import escape

from summary import OURS

LEFT, BARS, RIGHT, ROW, HEAD, FOOT = 150, 430, 250, 20, 46, 14
LOGARITHMIC_FROM = 20  # largest over smallest median from which on a linear scale would hide the small ones

# It has a ground of its own, so that it can be read on any page; where the reader prefers dark, the ground is dark.
STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .ground { fill: #ffffff; stroke: #d0d7de }
  .title { font-size: 14px; font-weight: 600 }
  .faint { fill: #57606a }
  .peer { fill: #9aa7b4 }
  .ours { fill: #0969da }
  text.ours { font-weight: 600 }
  .range { stroke: #24292f; stroke-width: 1.2 }
  .axis { stroke: #d0d7de }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .ground { fill: #0d1117; stroke: #30363d }
    .faint { fill: #9198a1 }
    .peer { fill: #59636e }
    .ours { fill: #4493f8 }
    .range { stroke: #e6edf3 }
    .axis { stroke: #30363d }
  }
"""


class Scale:
    """From a value to a place on the bars. Logarithmic where the medians lie far apart."""

    def __init__(self, rows):
        medians = [row["median"] for row in rows.values()]
        self.top = max(row["maximum"] for row in rows.values())
        self.bottom = min(row["minimum"] for row in rows.values())
        self.logarithmic = self.bottom > 0 and max(medians) > LOGARITHMIC_FROM * min(medians)
        if self.logarithmic:
            self.bottom = 10 ** math.floor(math.log10(self.bottom))
        # A maximum far out must not flatten the bars: it is cut off, and its line runs to the edge.
        elif max(medians) > 0:
            self.top = min(self.top, 1.5 * max(medians))

    def place(self, value):
        if self.logarithmic:
            share = math.log(value / self.bottom) / math.log(self.top / self.bottom)
        else:
            share = value / self.top if self.top > 0 else 0
        return LEFT + BARS * min(1, max(0, share))


def short(value):
    """Three digits, without an exponent up to a million."""
    rounded = float(f"{value:.3g}")
    return f"{rounded:.0f}" if 1000 <= rounded < 1e6 else f"{value:.3g}"


def text(x, y, words, style="", anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{style}" text-anchor="{anchor}">{escape(words)}</text>'


def line(x1, y1, x2, y2, style):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{style}"/>'


def comparison(name, row):
    if row["ratio"] is None or row["compared_with"] == name:
        return ""
    interval = " ({:.2f}–{:.2f})".format(*row["ratio_interval"]) if row["ratio_interval"] else ""
    return f"{row['ratio']:.2f}× {row['compared_with']}{interval}"


def panel(metric, rows, absent, top):
    scale = Scale(rows)
    kind = "logarithmic" if scale.logarithmic else "linear"
    parts = [text(12, top + 16, metric, "title"),
             text(LEFT, top + 34, f"median, minimum to maximum; {kind} scale", "faint"),
             text(LEFT + BARS + 66, top + 34, "ratio of medians (95 %)", "faint")]
    y = top + HEAD
    bottom = y + ROW * (len(rows) + len(absent))
    parts.append(line(LEFT, y - 4, LEFT, bottom, "axis"))
    for name, row in sorted(rows.items(), key=lambda item: item[1]["median"]):
        who = "ours" if row["library"] == OURS else "peer"
        end = scale.place(row["median"])
        middle = y + ROW / 2 - 3
        parts.append(text(LEFT - 8, y + 11, name, "ours" if who == "ours" else "", "end"))
        width = max(1, end - LEFT)
        parts.append(f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{ROW - 6}" rx="2" class="{who}"/>')
        low, high = scale.place(row["minimum"]), scale.place(row["maximum"])
        parts += [line(low, middle, high, middle, "range"), line(low, middle - 3, low, middle + 3, "range"),
                  line(high, middle - 3, high, middle + 3, "range")]
        parts.append(text(LEFT + BARS + 8, y + 11, short(row["median"]), "ours" if who == "ours" else ""))
        parts.append(text(LEFT + BARS + 66, y + 11, comparison(name, row), "faint"))
        y += ROW
    for name in absent:
        parts += [text(LEFT - 8, y + 11, name, "faint", "end"), text(LEFT + 8, y + 11, "absent", "faint")]
        y += ROW
    return parts, bottom + FOOT


def svg(workload, metrics, absent, origin):
    """Gives: the text of the file. `origin` says what was measured where."""
    parts, y = [], 40
    for metric, rows in metrics.items():
        drawn, y = panel(metric, rows, absent, y)
        parts += drawn
    height, width = y + 22, LEFT + BARS + RIGHT + 66
    size = f'width="{width}" height="{height}"'
    head = [f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width} {height}">',
            f"<title>{escape(workload)}</title>", f"<style>{STYLE}</style>",
            f'<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="6" class="ground"/>',
            text(12, 24, f"{workload} (less is better)", "title")]
    return "\n".join(head + parts + [text(12, height - 12, origin, "faint"), "</svg>"]) + "\n"


def write(folder, tables, entries, origin):
    """Writes <folder>/<workload>.svg for every workload that has figures."""
    folder.mkdir(parents=True, exist_ok=True)
    for workload, metrics in tables.items():
        absent = [entry["contender"] for entry in entries if entry["workload"] == workload and entry["program"] is None]
        (folder / f"{workload}.svg").write_text(svg(workload, metrics, absent, origin), encoding="utf-8")
