"""The page of claims: for each claim that ran what was claimed, what was measured and the label, then all the others.

It is a pure function of the registry and of the rows beside it, so that page, registry and rows can't disagree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from validate.claims.schema import Claim, Part, Replication, Setting
from validate.controls import controls_by_method, is_replicated_number, methods_of
from validate.engine.architectures import UnknownModelError, layer_names
from validate.engine.data.files import sources
from validate.engine.data.registry import BUILT_IN
from validate.first_look.arms import arm_lines, decimals
from validate.first_look.rows import Judged, Run
from validate.plan import NotTestableError, SettingIncompleteError, freeze, margin_of

READ = {
    "read_fulltext": "read in the paper",
    "read_repo": "read in its code or repository",
    "read_secondary": "read second-hand, in another paper",
    "memory_unverified": "from memory, not verified",
    "mixed": "partly read, partly from memory",
    "own": "Secateur's own statement",
}
_INTRODUCTION = """# Claims

What was claimed, what was measured here, and what may be said of it. This page is written by
`secateur claims export validate/first_look --page docs/claims.md` from the registry (`validate/claims/*.yaml`) and from
the rows of a first look (`validate/first_look/runs.csv`, `verdicts.csv`); nothing on it is typed by hand.
[verdicts.md](verdicts.md) says what labels, margins and intervals are. A first look takes few seeds: "inconclusive"
with cause `budget` or `underpowered` means that more seeds are needed, and `secateur validate ID` goes on from them.
"""
_INTERVALS = """\
Behind each arm stand mean and deviation over the seeds that ran. "Claimed" has the printed number with the margin
around it within which a difference is of no interest. Where two arms are compared, the gain of the first over the
second was measured, positive when it is better. Intervals allow for three looks at the data, and are so wider than the
usual 95 % (of five seeds 6.4 standard errors each way instead of 2.8); the one in brackets covers other test examples
too. "Compatible" says whether our mean lies where new runs of the original would, by the deviation that it states; it
decides nothing. A ratio of seconds holds within a factor of 1.1 of the claimed one; its "seeds" are rounds of fresh
processes.
"""
_CONTROLS = """\
Nothing is called `not_reproduced` unless the control that the claim names, and one control of each of its methods, were
reproduced here. For a claim of a paper the control of a method has to be a replicated number: one that two parties
printed, no further apart than its margin. Statements of Secateur's own, on digits, serve for its own claims. Where no
replicated number was hit, what was refuted here is `inconclusive`, and its cause says so. The scores of each criterion
also equal an independent formula on fixed tensors (`tests/validate/test_engine_criteria.py`).
"""
_WORDS = {
    "kept_percent": "per cent kept",
    "emptied_layers": "emptied layers",
    "multiply_add_ratio": "ratio of multiply-adds",
    "last_accuracy": "accuracy after the last step",
    "early_stop_step": "step of the early stop",
}
_NOT_RUN = "not run yet"


def page_of(registry: Mapping[str, Claim], runs: Sequence[Run], judged: Sequence[Judged]) -> str:
    """The page in Markdown."""
    parts = [_INTRODUCTION, "## Run here\n", _INTERVALS]
    whole = {row.claim: row for row in judged if row.part == "whole"}
    for claim in registry.values():
        own = [run for run in runs if run.claim == claim.id]
        verdicts = [row for row in judged if row.claim == claim.id]
        if own or any(row.estimate is not None for row in verdicts):
            parts.append(_section(claim, own, verdicts, _controls_of(claim, registry, whole)))
    parts += ["## Positive controls\n", _CONTROLS, _controls(registry, whole)]
    parts += ["## All claims\n", _table(registry, whole)]
    return "\n".join(parts).rstrip() + "\n"


def _section(claim: Claim, runs: Sequence[Run], judged: Sequence[Judged], controls: Sequence[str]) -> str:
    whole = next((row for row in judged if row.part == "whole"), None)
    lines = [
        f"### {claim.id}",
        "",
        f"{claim.title}.",
        "",
        f"- Source: {_source(claim)}; {READ[claim.source.read]}.",
        f"- Setting: {_setting(claim)}" if runs else f"- Layers alone, timed{_hardware(claim)}.",
    ]
    if claim.setting.claimed_on:
        lines.append(f"- A stand-in: the source has {claim.setting.claimed_on}.")
    if claim.replications:
        lines.append(f"- Others: {_others(claim.replications)}.")
    settings = claim.settings()
    lines += [
        f"- Completion *{name}*: {one.why} ({_training(settings[name])})." for name, one in claim.completions.items()
    ]
    lines += ["- Arms:", *arm_lines(claim, runs)]
    lines.append(f"- Ran: {_ran(runs) if runs else _timed(whole)}.")
    if whole is not None:
        cause, *_ = whole.cause.split(": holds in ")
        lines.append(f"- **{whole.label}**{_because(cause)}.{_held(claim, judged)}")
        lines += [*controls, *_speed(whole)]
    else:
        lines.append("- No verdict yet: no look is complete.")
    return "\n".join([*lines, "", _parts(claim, judged)])


def _others(replications: Sequence[Replication]) -> str:
    """What others found, by who they are."""
    found: dict[str, list[str]] = {}
    for one in replications:
        said = ", ".join(str(word) for word in (one.value, one.statement or None) if word is not None)
        found.setdefault(one.by, []).append(f"{one.part}: {said}")
    return "; ".join(f"*{by}* ({'; '.join(parts)})" for by, parts in found.items())


def _held(claim: Claim, judged: Sequence[Judged]) -> str:
    """Under which completions every part holds; nothing where the paper leaves nothing open."""
    if not claim.completions:
        return ""
    known = {part.id for part in claim.parts}
    open_ones = {row.completion for row in judged if row.part in known and row.label != "reproduced"}
    held = [f"*{name}*" for name in claim.completions if name not in open_ones]
    which = f" ({'; '.join(held)})" if 0 < len(held) < len(claim.completions) else ""
    return f" Every part holds in {len(held)} of {len(claim.completions)} completions{which}."


def _because(cause: str) -> str:
    return f": {cause}" if cause else ""


def _source(claim: Claim) -> str:
    source = claim.source
    link = f" ([{source.arxiv}](https://arxiv.org/abs/{source.arxiv}))" if source.arxiv else ""
    return f"{source.venue}{link}, {source.locator}"


def _setting(claim: Claim) -> str:
    stated = _training(claim.setting)
    data = "no data, masks alone" if claim.setting.dataset.startswith("none") else claim.setting.dataset
    estimand = {"final_epoch": "after the last epoch", "early_stop": "at the smallest validation loss"}
    return f"{claim.setting.model}, {data}{', ' + stated if stated else ''}; measured {estimand[claim.estimand]}."


def _training(setting: Setting) -> str:
    if not setting.epochs:
        return ""
    said = (
        (setting.optimizer, "{}"),
        (setting.learning_rate, "rate {:g}"),
        (setting.momentum, "momentum {:g}"),
        (setting.weight_decay, "weight decay {:g}"),
        (setting.batch, "batch {}"),
        (setting.epochs, "{} epochs"),
        (setting.initialisation, "initial weights {}"),
        (setting.standardised, "images of mean 0 and deviation 1"),
    )
    drops = "; ".join(f"{step:,}" for step in setting.learning_rate_drops)
    dropped = f", rate times {setting.learning_rate_drop_factor:g} after steps {drops}" if drops else ""
    return ", ".join(words.format(value) for value, words in said if value) + dropped


def _ran(runs: Sequence[Run]) -> str:
    failed = sum(run.outcome == "failed" for run in runs)
    diverged = sum(run.outcome == "diverged" for run in runs)
    odd = "".join(f", {count} {word}" for count, word in ((failed, "failed"), (diverged, "diverged")) if count)
    seeds = len({run.seed for run in runs})
    last = max(runs, key=lambda run: run.finished_at)
    minutes = sum(run.seconds for run in runs) / 60
    counted = f"{_count(len(runs), 'run')}, {_count(seeds, 'seed')}{odd}"
    return f"{counted}, {minutes:.1f} minutes on {last.machine}, until {last.finished_at} UTC"


def _hardware(claim: Claim) -> str:
    return f"; the source has {claim.hardware.name}" if claim.hardware else ""


def _timed(whole: Judged | None) -> str:
    if whole is None:
        return "not to its end"
    busy = "" if whole.load is None else f", while the machine had a load of up to {whole.load:.1f}"
    return f"{_count(whole.seeds, 'round')} of fresh processes{busy}, until {whole.at} UTC"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _speed(whole: Judged) -> list[str]:
    if whole.measured_ratio_1 is None:
        return []
    at_64 = f", {whole.measured_ratio_64:.2g} times at batch 64" if whole.measured_ratio_64 is not None else ""
    busy = "" if whole.load is None else f" (load of the machine: {whole.load:.1f})"
    seconds = f"dense takes {whole.measured_ratio_1:.2g} times the seconds of sparse at batch 1{at_64}{busy}"
    counted = f"Its multiply-adds are {whole.theoretical_ratio:.3g} times fewer, which is no speed-up."
    return [f"- Speed of the first pruned arm's layers, each multiplied once: {seconds}. {counted}"]


def _parts(claim: Claim, judged: Sequence[Judged]) -> str:
    known = {part.id: part for part in claim.parts}
    rows = [row for row in judged if row.part in known]
    lines = [
        "| part | completion | claimed | measured | interval | seeds | compatible | says |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in sorted(rows, key=lambda row: (list(known).index(row.part), row.completion)):
        part = known[row.part]
        cells = (
            row.part,
            "" if row.completion == "as stated" else row.completion,
            claimed(part, claim.setting.dataset),
            _number(part, row.estimate),
            _interval(part, row),
            row.seeds,
            row.compatible,
            f"{row.label}{_because(row.cause)}",
        )
        lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def claimed(part: Part, dataset: str) -> str:
    """What a part says, in words, with its margin and what the source prints of the size."""
    said = f" ({part.statement})" if part.statement else ""
    return _claimed(part, margin_of(part, dataset)) + said


def _claimed(part: Part, margin: float) -> str:
    arms = " or ".join((part.arm, *part.or_arms))
    quantity = _WORDS.get(part.quantity, part.quantity)
    if part.kind == "speed":
        least = {"at_least": f": at least {part.value}", "equal": f": {part.value}"}.get(part.compares, ": above 1")
        return f"seconds of {part.against} over those of {part.arm}, batch {part.batch}, {part.cache} cache{least}"
    if part.against is not None:
        by = f", by {margin:g} at most" if part.compares == "no_worse" else ""
        better = "earlier than" if part.quantity == "early_stop_step" else "better than"
        words = "no worse than" if part.compares == "no_worse" else better
        return f"{quantity} of {arms} {words} {part.against}{by}"
    least = "at least " if part.compares == "at_least" else ""
    always = "always " if part.kind == "universal" else ""
    printed = f"{part.value:,.0f}" if part.quantity == "weights" else part.value
    around = f" ± {margin:,g}" if margin else ""
    return f"{quantity} of {arms}: {always}{least}{printed}{around}"


def _number(part: Part, value: float | None) -> str:
    if value is None:
        return ""
    sign = "+" if part.against is not None and part.kind != "speed" else ""
    return f"{value:{sign},.{decimals(part.quantity)}f}"


def _interval(part: Part, row: Judged) -> str:
    if row.low is None or row.high is None or row.low == row.high:
        return ""
    digits, wider = decimals(part.quantity), ""
    if row.new_examples_low is not None and row.new_examples_high is not None:
        wider = f" ({row.new_examples_low:,.{digits}f} to {row.new_examples_high:,.{digits}f})"
    return f"{row.low:,.{digits}f} to {row.high:,.{digits}f}{wider}"


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|")


def _came(names: Sequence[str], whole: Mapping[str, Judged]) -> str:
    """Controls with what came of them."""
    return ", ".join(f"{name} ({whole[name].label if name in whole else _NOT_RUN})" for name in names) or "none"


def _controls_of(claim: Claim, registry: Mapping[str, Claim], whole: Mapping[str, Judged]) -> list[str]:
    """A line with the positive controls of a claim of a paper, and of each of its methods."""
    if claim.source.read == "own" or claim.positive_control is None:
        return []
    by_method = controls_by_method(registry)
    said = [f"{method}: {_came(by_method[method], whole)}" for method in sorted(methods_of(claim))]
    return [f"- Positive controls: {'; '.join([_came([claim.positive_control], whole), *said])}."]


def _controls(registry: Mapping[str, Claim], whole: Mapping[str, Judged]) -> str:
    lines = [
        "| method | replicated numbers, and what came of them | statements of our own | claims that wait for one |",
        "|---|---|---|---|",
    ]
    for method, names in controls_by_method(registry).items():
        numbers = [name for name in names if is_replicated_number(registry[name])]
        others = [name for name in names if name not in numbers]
        asking = sorted(
            claim.id for claim in registry.values() if method in methods_of(claim) and claim.source.read != "own"
        )
        lines.append(f"| {method} | {_came(numbers, whole)} | {_came(others, whole)} | {', '.join(asking)} |")
    return "\n".join(lines) + "\n"


def _table(registry: Mapping[str, Claim], whole: Mapping[str, Judged]) -> str:
    lines = ["| claim | what | read | label, or why it does not run |", "|---|---|---|---|"]
    for claim in sorted(registry.values(), key=lambda claim: claim.id):
        read = claim.source.read.replace("_", " ")
        lines.append(f"| {claim.id} | {_cell(claim.title)} | {read} | {_cell(standing(claim, whole.get(claim.id)))} |")
    return "\n".join(lines) + "\n"


def standing(claim: Claim, whole: Judged | None) -> str:
    """The label that a claim got, or why it has none, as far as the registry can tell."""
    if whole is not None:
        return f"{whole.label}{_because(whole.cause)}"
    try:
        freeze(claim, data_sha256="")
    except NotTestableError as error:
        return f"not_testable_here: {_short(claim, error)}"
    except SettingIncompleteError as error:
        return f"setting_incomplete: {error}"
    if claim.setting.dataset not in {*BUILT_IN, *sources()}:
        return f"needs_assets: {claim.setting.dataset}, which has to be added with `secateur data add`"
    return _NOT_RUN


def _short(claim: Claim, error: NotTestableError) -> str:
    """The reason without the list of what the engine has."""
    try:
        layer_names(claim.setting.model)
    except UnknownModelError:
        return str(error).partition(" (it has")[0]
    return str(error)
