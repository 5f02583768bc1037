"""Trains the tagger's learned part, or measures it by cross-validation: ``python -m corpus.tagging.train --help``.

Labels are JSON lines ``{"id", "relevance", ...}``, texts JSON lines ``{"id", "title", "abstract"}`` (also gzipped).
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from corpus.knowledge import load_knowledge
from corpus.tagging.lexicon import load_lexicon
from corpus.tagging.relevance import MODEL_FILE, save_model
from corpus.tagging.tagger import TaggingModel, classify_object, tag
from corpus.tagging.training import Example, Settings, fit


class TrainingDataError(ValueError):
    """Labels and texts do not fit together."""


def read_lines(path: Path) -> Iterator[dict[str, str]]:
    """The objects of a file of JSON lines, which may be gzipped."""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    for line in content.decode("utf-8").split("\n"):
        if line.strip():
            yield json.loads(line)


def read_examples(labels: Sequence[Path], texts: Sequence[Path]) -> list[Example]:
    """Labelled texts, in the order of the labels; a paper labelled twice keeps its first label.

    Raises:
        TrainingDataError: a label's text is in none of the files.
    """
    text_of = {line["id"]: line for path in texts for line in read_lines(path)}
    examples: dict[str, Example] = {}
    for path in labels:
        for line in read_lines(path):
            text = text_of.get(line["id"])
            if text is None:
                raise TrainingDataError(f"{path}: no text for {line['id']!r}; give its file with --texts")
            example = Example(line["id"], text["title"], text["abstract"], line["relevance"])
            examples.setdefault(line["id"], example)
    return list(examples.values())


def folds(examples: Sequence[Example], count: int, seed: int) -> list[list[Example]]:
    """The examples in ``count`` parts with the classes spread evenly."""
    by_class: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        by_class[example.relevance].append(example)
    parts: list[list[Example]] = [[] for _ in range(count)]
    place = 0
    for name in sorted(by_class):
        group = sorted(by_class[name], key=lambda example: example.identifier)
        random.Random(seed).shuffle(group)  # noqa: S311 - a shuffle of examples, not a secret
        for example in group:
            parts[place % count].append(example)
            place += 1
    return parts


def cross_validate(
    examples: Sequence[Example], extra: Sequence[Example], settings: Settings, count: int, seed: int
) -> Iterator[dict[str, object]]:
    """The tags of each example by a model that was fitted without its part; ``extra`` examples are in every fit."""
    lexicon, knowledge = load_lexicon(), load_knowledge()
    parts = folds(examples, count, seed)
    for index, part in enumerate(parts):
        rest = [example for other, group in enumerate(parts) if other != index for example in group]
        model = TaggingModel(lexicon, fit([*rest, *extra], lexicon, settings, {}))
        for example in part:
            yield classify_object(example.identifier, tag(example.title, example.abstract, knowledge, model))


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m corpus.tagging.train", description=__doc__)
    parser.add_argument("--labels", type=Path, nargs="+", required=True, help="labels, as JSON lines")
    parser.add_argument("--texts", type=Path, nargs="+", required=True, help="titles and abstracts, as JSON lines")
    parser.add_argument("--also", type=Path, nargs="*", default=[], help="further labels, used in every fold's fit")
    parser.add_argument("--strength", type=float, default=Settings().strength, help="inverse of the regularisation")
    parser.add_argument("--word-scale", type=float, default=Settings().word_scale)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cross-validate", type=int, metavar="FOLDS", help="write held-out tags instead of a model")
    parser.add_argument("-o", "--output", type=Path, default=MODEL_FILE)
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    args = _arguments().parse_args(argv)
    settings = Settings(strength=args.strength, word_scale=args.word_scale)
    try:
        examples = read_examples(args.labels, args.texts)
        also = read_examples(args.also, args.texts)
    except (TrainingDataError, OSError) as error:
        sys.exit(f"error: {error}")
    labelled = {example.identifier for example in examples}
    extra = [example for example in also if example.identifier not in labelled]
    if args.cross_validate:
        with args.output.open("w", encoding="utf-8") as output:
            for line in cross_validate(examples, extra, settings, args.cross_validate, args.seed):
                output.write(json.dumps(line, ensure_ascii=False) + "\n")
        return
    about = {"labelled": len(examples), "extra": len(extra), "strength": args.strength, "word_scale": args.word_scale}
    save_model(fit([*examples, *extra], load_lexicon(), settings, about), args.output)


if __name__ == "__main__":
    main()
