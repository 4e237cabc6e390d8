"""Firth beside its peers on one text, in one run: speed, peak memory and quality. What `firth bench` does.

Every measurement is a process of its own (`firth.benchmark_run`), so that its peak memory is its own too. Tools take
turns, so that a machine that grows slower does so for all of them.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import firth
from firth.benchmark_run import TESTS
from firth.errors import FirthError, MissingExtraError, OptionError
from firth.progress import Report, silent
from firth.training.config import TrainingConfig

if TYPE_CHECKING:
    from firth.corpus.corpus import Corpus

PEERS = ("gensim", "gensim-iterable")


@dataclass(frozen=True)
class BenchmarkPlan:
    """What to measure.

    Attributes
    ----------
    dimensions, threads, architectures
        Every combination is measured.
    peers
        Of `PEERS`: gensim fed by ``corpus_file``, and by an iterable.
    deterministic
        Whether Firth's deterministic mode is measured too.
    repeats
        How often; speeds and memory are medians, scores are means.
    seeds
        Taken in turn, one a repeat.
    epochs, window, negatives, subsample, learning_rate
        The same for all tools.
    min_count
        Words that occur less often are left out.
    """

    dimensions: tuple[int, ...] = (100,)
    threads: tuple[int, ...] = (1,)
    architectures: tuple[str, ...] = ("skip-gram",)
    peers: tuple[str, ...] = ("gensim",)
    deterministic: bool = False
    repeats: int = 3
    seeds: tuple[int, ...] = (1, 2, 3)
    epochs: int = 5
    window: int = 5
    negatives: int = 5
    subsample: float = 1e-4
    learning_rate: float = 0.025
    min_count: int = 5

    def __post_init__(self) -> None:
        for name in ("dimensions", "threads", "architectures", "seeds"):
            if not getattr(self, name):
                raise OptionError(f"{name} is empty: name at least one")
        if self.repeats < 1:
            raise OptionError(f"repeats is {self.repeats}: it must be a whole number from 1")
        for peer in self.peers:
            if peer not in PEERS:
                raise OptionError(f"peers is {peer!r}: it must be of {', '.join(PEERS)}, or none")
        for cell in self.cells():
            TrainingConfig(**self.settings(cell, self.seeds[0]))
        for seed in self.seeds:
            TrainingConfig(seed=seed)

    def cells(self) -> Iterator[tuple[str, int, int]]:
        """Architecture, dimensions and threads of every combination."""
        for architecture in self.architectures:
            for dimensions in self.dimensions:
                for threads in self.threads:
                    yield architecture, dimensions, threads

    def tools(self) -> tuple[str, ...]:
        """What is measured in each of them."""
        return ("firth", *(("firth deterministic",) if self.deterministic else ()), *self.peers)

    def settings(self, cell: tuple[str, int, int], seed: int) -> dict[str, Any]:
        """Options of one measurement, by their names in `TrainingConfig`."""
        same = {name: getattr(self, name) for name in ("epochs", "window", "negatives", "subsample", "learning_rate")}
        return {**same, "architecture": cell[0], "dimensions": cell[1], "threads": cell[2], "seed": seed}


def benchmark(text: Path, plan: BenchmarkPlan, report: Report = silent) -> dict[str, Any]:
    """Measure every tool on a text, one sentence a line, words parted by white space.

    Parameters
    ----------
    text
        A file, plain or packed.
    plan
        What to measure.
    report
        Told of the progress, in measurements.

    Returns
    -------
    dict
        machine, versions, plan, text, left_out (sentences), results and ratios: what JSON can hold.

    Raises
    ------
    MissingExtraError
        A peer is not installed.
    DataError
        The text can't be read.
    FirthError
        A measurement failed; the message says which.
    """
    from firth.corpus.corpus import Corpus

    if plan.peers and not _is_installed("gensim"):
        raise MissingExtraError("gensim is not installed: run  pip install gensim  or measure without it: --peers none")
    tests, left_out = _tests()
    with tempfile.TemporaryDirectory(prefix="firth-bench-") as folder:
        corpus = Corpus.from_text(
            text, tokenizer="whitespace", min_count=plan.min_count, folder=Path(folder) / "corpus"
        )
        plain = _unpacked(text, Path(folder)) if plan.peers else text
        task = {"corpus": str(corpus.folder), "text": str(plain), "tests": tests, "counted": _counted(corpus, folder)}
        runs = _runs(plan, task, report)
        words = corpus.report.kept_tokens
        told = {
            "name": text.name,
            "tokens": corpus.report.tokens,
            "words": words,
            "vocabulary": len(corpus.vocabulary),
            "sentences": len(corpus),
        }
    results = [_result(cell, tool, measured, words * plan.epochs) for (cell, tool), measured in runs.items()]
    return {
        "machine": machine(),
        "versions": versions(),
        "plan": dataclasses.asdict(plan),
        "text": told,
        "left_out": left_out,
        "ratios": ratios(results),
        "results": results,
    }


def _is_installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _tests() -> tuple[list[str], list[str]]:
    """The tests of quality that can be made, and what is to be said where they can't."""
    from firth.datasets import status

    if status("eval").state == "ready":
        return list(TESTS), []
    names = ", ".join(TESTS.values())
    return [], [f"quality ({names}): set FIRTH_DATA to a folder with the data set eval, see  firth data list"]


def _counted(corpus: Corpus, folder: str) -> str:
    """What gensim's own scan would find, in a file: it need not scan, and no reading is in its memory."""
    counts = dict(zip(corpus.vocabulary.words, corpus.vocabulary.counts.tolist(), strict=True))
    told = {"counts": counts, "sentences": len(corpus), "tokens": corpus.report.tokens}
    path = Path(folder) / "counted.json"
    path.write_text(json.dumps(told))
    return str(path)


def _unpacked(text: Path, folder: Path) -> Path:
    """The text as a plain file, which is all that gensim's threads read."""
    from firth.corpus.pieces import opened

    plain = folder / "text.txt"
    with opened(text) as (stream, _), plain.open("wb") as copy:
        shutil.copyfileobj(stream, copy, 1 << 20)
    return plain


def _runs(
    plan: BenchmarkPlan, task: dict[str, Any], report: Report
) -> dict[tuple[tuple[str, int, int], str], list[dict[str, Any]]]:
    cells, tools = list(plan.cells()), plan.tools()
    runs: dict[tuple[tuple[str, int, int], str], list[dict[str, Any]]] = {
        (cell, tool): [] for cell in cells for tool in tools
    }
    for tool in (each for each in tools if each.startswith("firth")):
        for architecture in plan.architectures:  # so that no measurement has compiling in its memory
            _measured({**task, "tests": [], "tool": tool, "settings": _little(plan, architecture)})
    done, total = 0, plan.repeats * len(runs)
    for repeat in range(plan.repeats):
        seed = plan.seeds[repeat % len(plan.seeds)]
        for cell, tool in runs:
            report(done, total, f"{tool}, {cell[0]}, dimensions {cell[1]}, threads {cell[2]}")
            measured = _measured({**task, "tool": tool, "settings": plan.settings(cell, seed)})
            runs[cell, tool].append({"seed": seed, **measured})
            done += 1
    report(done, total, "")
    return runs


def _little(plan: BenchmarkPlan, architecture: str) -> dict[str, Any]:
    return {**plan.settings((architecture, 1, 1), 1), "epochs": 1}


def _measured(task: dict[str, Any]) -> dict[str, Any]:
    """One measurement, in a process of its own."""
    command = [sys.executable, "-m", "firth.benchmark_run", json.dumps(task)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  (our own module)
    if answer.returncode:
        why = (answer.stderr.strip().splitlines() or [f"exit status {answer.returncode}"])[-1]
        raise FirthError(f"measuring {task['tool']} failed: {why}")
    measured: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return measured


def _result(cell: tuple[str, int, int], tool: str, runs: list[dict[str, Any]], words: int) -> dict[str, Any]:
    """Median speed and memory, mean scores, and the measurements themselves."""
    speeds = [words / each["seconds"] for each in runs]
    peaks = [each["peak_megabytes"] for each in runs if each["peak_megabytes"] is not None]
    scores = {test: [each[test] for each in runs if each.get(test) is not None] for test in TESTS}
    return {
        "tool": tool,
        "architecture": cell[0],
        "dimensions": cell[1],
        "threads": cell[2],
        "words_per_second": statistics.median(speeds),
        "slowest": min(speeds),
        "fastest": max(speeds),
        "peak_megabytes": statistics.median(peaks) if peaks else None,
        **{test: statistics.fmean(values) if values else None for test, values in scores.items()},
        "runs": runs,
    }


def ratios(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Firth's speed over each peer's, and its scores less theirs, in each combination.

    Parameters
    ----------
    results
        As `benchmark` has them.
    """
    found = []
    for ours in (each for each in results if each["tool"].startswith("firth")):
        for other in results:
            same = all(ours[name] == other[name] for name in ("architecture", "dimensions", "threads"))
            if not same or other is ours or other["tool"] == "firth deterministic":
                continue
            if other["tool"] == "firth" and ours["tool"] == "firth":
                continue
            differences = {
                test: None if ours[test] is None or other[test] is None else ours[test] - other[test] for test in TESTS
            }
            found.append(
                {
                    **{name: ours[name] for name in ("tool", "architecture", "dimensions", "threads")},
                    "beside": other["tool"],
                    "speed": ours["words_per_second"] / other["words_per_second"],
                    **differences,
                }
            )
    return found


def machine() -> dict[str, Any]:
    """What this runs on: processor, cores, memory, system."""
    model = platform.processor() or platform.machine()
    described = Path("/proc/cpuinfo")
    if described.exists():
        lines = described.read_text().splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), model)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    names = os.sysconf_names if hasattr(os, "sysconf_names") else {}
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9 if "SC_PHYS_PAGES" in names else None
    return {
        "processor": model,
        "cores": cores,
        "memory_gigabytes": memory,
        "system": f"{platform.system()} {platform.release()}",
    }


def versions() -> dict[str, str]:
    """Of Python, Firth, and what does the work; what is not installed is left out."""
    found = {"python": platform.python_version(), "firth": firth.__version__}
    for name in ("numpy", "numba", "llvmlite", "gensim"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def as_markdown(answer: dict[str, Any]) -> str:
    """The answer of `benchmark` as a page: ratios first, quality beside each speed."""
    text, plan, box = answer["text"], answer["plan"], answer["machine"]
    memory = "" if box["memory_gigabytes"] is None else f", {box['memory_gigabytes']:.0f} GB"
    same = ("epochs", "window", "negatives", "subsample", "learning_rate", "min_count", "repeats")
    columns = ("architecture", "D", "threads", "speed", *TESTS.values())
    cells = ("architecture", "dimensions", "threads")
    ratio_rows = [
        (
            f"{each['tool']} / {each['beside']}",
            *(str(each[name]) for name in cells),
            f"**{each['speed']:.1f} times**",
            *(_number(each[test], "+.3f") for test in TESTS),
        )
        for each in answer["ratios"]
    ]
    rows = [
        (
            each["tool"],
            *(str(each[name]) for name in cells),
            f"{each['words_per_second'] / 1e6:.2f} M",
            f"{each['slowest'] / 1e6:.2f} to {each['fastest'] / 1e6:.2f} M",
            _number(each["peak_megabytes"], ".0f"),
            *(_number(each[test], ".3f") for test in TESTS),
        )
        for each in answer["results"]
    ]
    scores = ("architecture", "D", "threads", "words/s", "slowest to fastest", "peak MB", *TESTS.values())
    notes = [
        f"{box['processor']}, {box['cores']} cores{memory}, {box['system']}",
        ", ".join(f"{name} {number}" for name, number in answer["versions"].items()),
        f"{text['name']}: {text['tokens']:,} words, {text['words']:,} of them in the vocabulary of "
        f"{text['vocabulary']:,}, {text['sentences']:,} sentences",
        ", ".join(f"{name.replace('_', ' ')} {plan[name]:g}" for name in same)
        + f", seeds {' '.join(str(seed) for seed in plan['seeds'][: plan['repeats']])}",
    ]
    explained = [
        "Words are all of the text that are in the vocabulary, times epochs, for every tool; seconds are those of "
        "training alone, after reading, counting and compiling. Speed and memory are medians, scores means.",
        "gensim reads a plain file in as many workers as there are threads (corpus_file), which lets its learning rate "
        "fall too little; gensim-iterable is fed line by line, and its rate falls as it should. "
        "Firth's falls to a tenth of the first, gensim's to 0.0001; all else is each tool's default.",
        *(f"Left out: {each}." for each in answer["left_out"]),
    ]
    return "\n".join(
        [
            "# Firth beside its peers",
            "",
            *(_table(("", *columns), ratio_rows) if ratio_rows else ["No peer was measured."]),
            "",
            *_table(("", *scores), rows),
            "",
            *(f"- {note}" for note in notes),
            "",
            *(line for each in explained for line in (each, "")),
        ]
    )


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    lines = [columns, tuple("---" for _ in columns), *rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]
