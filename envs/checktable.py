"""The findings of a check as a Markdown table, and whether a promise is broken."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from envs.check import BAND, TOO_MANY_FAILURES, TOO_MANY_TRIES, Tally, guessability


def render(tallies: Mapping[tuple[str, str, int], Tally]) -> tuple[str, list[str]]:
    """The report, and the promises that do not hold.

    Guessability is judged by band of BAND levels; a band needs a few hundred problems for its figures to mean much.
    """
    by_cell: dict[tuple[str, str], dict[int, Tally]] = defaultdict(dict)
    for (family, question, level), tally in sorted(tallies.items()):
        by_cell[family, question][level] = tally
    lines = [
        "| cell | levels | problems | at once, by level % | failed | wrong | distinct % | constant | from words |"
        " allowed |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    broken, reasons, wrong = [], Counter[str](), []
    made = retried = failed = 0
    for (family, question), levels in by_cell.items():
        cell = f"{family}/{question}"
        bands: dict[int, list[int]] = defaultdict(list)
        for level in levels:
            bands[level // BAND].append(level)
        for members in bands.values():
            band = Tally()
            for level in members:
                band.add(levels[level])
            made, retried, failed = made + band.made, retried + band.retried, failed + len(band.failed)
            reasons += band.turned_away
            wrong += band.wrong + band.failed
            accepted = " ".join(f"{100 * (1 - levels[k].retried / max(1, levels[k].made)):.1f}" for k in members)
            guess = guessability(band.answers)
            distinct = 100 * len(band.seen) / max(1, len(band.answers))
            name = f"{members[0]}-{members[-1]}" if len(members) > 1 else str(members[0])
            lines.append(
                f"| {cell} | {name} | {band.made} | {accepted} | {len(band.failed)} | {len(band.wrong)}"
                f" | {distinct:.1f}"
                f" | {guess.constant:.2f} | {guess.text_only:.2f} | {guess.allowed:.2f} |"
            )
            # Two standard errors of a share that is just allowed; the words' guess is tried on half of the problems.
            spread, seen = guess.allowed * (1 - guess.allowed), max(1, len(band.answers))
            for what, share, tried in (
                ("constant answer", guess.constant, seen),
                ("guess from the words", guess.text_only, max(1, seen // 2)),
            ):
                if share > guess.allowed + 2 * (spread / tried) ** 0.5:
                    broken.append(
                        f"{cell} levels {name}: a {what} is right {share:.2f} of the time, allowed {guess.allowed:.2f}"
                    )
        all_made, all_retried = sum(t.made for t in levels.values()), sum(t.retried for t in levels.values())
        if all_retried > TOO_MANY_TRIES * all_made:
            broken.append(f"{cell}: {100 * all_retried / all_made:.1f} % of addresses need a second sub-seed")
    if failed > TOO_MANY_FAILURES * made:
        broken.append(f"{failed} of {made} addresses give no problem")
    if wrong:
        broken.append(f"{len(wrong)} problems are not as promised")
    summary = [
        "",
        f"{made} addresses: {failed} failed, {100 * retried / max(1, made):.2f} % needed a second sub-seed,"
        f" {len(wrong) - failed} are wrong.",
    ]
    if reasons:
        summary += ["", "Turned away: " + "; ".join(f"{why} ({n})" for why, n in reasons.most_common(12)) + "."]
    summary += [f"- {line}" for line in wrong[:20]]
    summary += ["", "Broken promises:" if broken else "Every promise holds.", *(f"- {line}" for line in broken)]
    return "\n".join(lines + summary), broken
