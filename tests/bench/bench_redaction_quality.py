"""Recall and precision of every redaction rule on the labelled corpus, as a table.

PYTHONPATH=sink:tests python tests/bench/bench_redaction_quality.py [--lines-per-rule N] [--show]
"""

import argparse

from support import redaction_corpus as corpus
from ttsink.redact.redaction import Redactor
from ttsink.redact.settings import RedactionSettings

SEED = 5
CLEAN_LINES = 30_000


def table(lines_per_rule: int, clean_lines: int) -> list[str]:
    """The lines of the table of docs/redaction.md."""
    redactor = Redactor(RedactionSettings(), b"corpus" * 6)
    rows = ["| rule | lines | recall | precision |", "|---|---|---|---|"]
    scores = corpus.scores(redactor, SEED, lines_per_rule)
    for kind, score in sorted(scores.items()):
        rows.append(f"| `{kind}` | {score.planted} | {score.recall:.3f} | {score.precision:.3f} |")
    false = corpus.false_marks(redactor, SEED, clean_lines)
    rows += ["", f"False marks in {clean_lines:,} clean lines: {len(false)}."]
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines-per-rule", type=int, default=60)
    parser.add_argument("--clean-lines", type=int, default=CLEAN_LINES)
    parser.add_argument(
        "--show", action="store_true", help="print what was missed, and false marks"
    )
    given = parser.parse_args()
    print("\n".join(table(given.lines_per_rule, given.clean_lines)))
    if not given.show:
        return
    redactor = Redactor(RedactionSettings(), b"corpus" * 6)
    for line in corpus.labelled(SEED, given.lines_per_rule):
        if corpus.missed(redactor, line) is not None:
            done = redactor.records([line.record])[0][0]
            print("missed", line.planted[0].kind, done.message, done.fields)
    for record in corpus.false_marks(redactor, SEED, given.clean_lines):
        print("false", record.redacted, record.message, record.fields)


if __name__ == "__main__":
    main()
