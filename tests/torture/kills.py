"""Killed at random moments, and run again: the answer is that of a run which nothing befell.

Half of the kills come after a random time, half before a random file operation, where most of what can go wrong is.
"""

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

from torture import Outcome
from torture.processes import Ended, Process, command, emptied, one_sentence, parts_in, run
from torture.scenes import LEARN, damaged_checkpoints, digest, some_vectors, write_text

OFTEN_ENOUGH = 3
"""How many kills in a row one piece of work gets before it is let finish."""


class Scene:
    """A piece of work that is killed and done again."""

    name = ""

    def prepare(self, folder: Path) -> None:
        """Make what it begins with."""

    def work(self) -> Callable[[], int]:
        """What the process does; done again after a kill."""
        raise NotImplementedError

    def answer(self, folder: Path) -> str:
        """What came of it, the same for the same work."""
        raise NotImplementedError

    def harm(self, folder: Path, answer: str, before: str) -> list[str]:
        """What a kill must not have left."""
        raise NotImplementedError


class Train(Scene):
    """`firth train` with checkpoints; whether it goes on or begins, it is the same command."""

    name = "train"

    def __init__(self, rule: list[str]) -> None:
        self._arguments = [*LEARN, "--epochs", "60", "--checkpoint", "kept", "--every", "50kwords", "--resume", *rule]

    def prepare(self, folder: Path) -> None:
        write_text(folder / "text.txt", 2_000)

    def work(self) -> Callable[[], int]:
        return command(self._arguments)

    def answer(self, folder: Path) -> str:
        return digest(folder / "v.safetensors")

    def harm(self, folder: Path, answer: str, before: str) -> list[str]:
        found = damaged_checkpoints(folder / "kept")
        return found + ([] if self.answer(folder) in ("", answer) else ["vectors that are not those of the run"])


class Encode(Scene):
    """Reading a text into the cache."""

    name = "encode"

    def __init__(self, *more: str) -> None:
        self._arguments = ["data", "describe", "text.txt", "--min-count", "1", "--json", "-q", *more]

    def prepare(self, folder: Path) -> None:
        write_text(folder / "text.txt", 3_000)

    def work(self) -> Callable[[], int]:
        return command(self._arguments)

    def answer(self, folder: Path) -> str:
        told = json.loads((folder / ".told.out").read_text())
        return json.dumps({name: told[name] for name in ("tokens", "types", "most_frequent", "sentences")})

    def harm(self, folder: Path, answer: str, before: str) -> list[str]:
        found = []
        for corpus in (folder / "cache" / "corpora").glob("[!.]*"):
            verified = run(["verify", str(corpus)], folder, told="verify")
            found += [verified.err] if verified.code else []
        return found


class Save(Scene):
    """Vectors written over others."""

    name = "save"

    def prepare(self, folder: Path) -> None:
        some_vectors(1).save(folder / "v.safetensors")

    def work(self) -> Callable[[], int]:
        vectors = some_vectors(2)

        def save() -> int:
            for _ in range(4):
                vectors.save("v.safetensors")
            return 0

        return save

    def answer(self, folder: Path) -> str:
        return digest(folder / "v.safetensors")

    def harm(self, folder: Path, answer: str, before: str) -> list[str]:
        return [] if self.answer(folder) in (answer, before) else ["neither the old vectors nor the new"]


class Convert(Scene):
    """`firth convert` over a file, or a folder, of the same name."""

    name = "convert"

    def __init__(self, target: str, *more: str) -> None:
        self._target, self._more = target, more

    def prepare(self, folder: Path) -> None:
        some_vectors(1, 500).save(folder / "old.safetensors")
        some_vectors(2, 2_000).save(folder / "new.safetensors")
        ended = run(["convert", "old.safetensors", self._target, "-q", *self._more], folder)
        assert ended.code == 0, ended.err

    def work(self) -> Callable[[], int]:
        return command(["convert", "new.safetensors", self._target, "-q", *self._more])

    def answer(self, folder: Path) -> str:
        return digest(folder / self._target)

    def harm(self, folder: Path, answer: str, before: str) -> list[str]:
        answers = (answer, before, "") if (folder / "new.safetensors").is_dir() else (answer, before)
        return [] if self.answer(folder) in answers else ["neither the old file nor the new"]


class Demo(Scene):
    """`firth demo` on a tiny treebank."""

    name = "demo"

    def work(self) -> Callable[[], int]:
        from tiny import OPTIONS, tiny_treebank

        from firth.cli import main
        from firth.course import demo
        from firth.training import trainer

        def work() -> int:
            demo.load_sst = lambda folder=None, report=None: tiny_treebank()
            trainer.CHECKPOINT_EVERY = 2_000
            return main(["demo", "--out", "d", *OPTIONS, "--iterations", "20000", "-q", "--resume"])

        return work

    def answer(self, folder: Path) -> str:
        names = ("vectors.safetensors", "word_vectors.png", "loss.png", "confusion.png")
        return " ".join(digest(folder / "d" / name) for name in names)

    def harm(self, folder: Path, answer: str, before: str) -> list[str]:
        found = damaged_checkpoints(folder / "d" / "checkpoints")
        if (folder / "d" / "report.json").exists():
            files = json.loads((folder / "d" / "report.json").read_bytes())["files"]
            found += [f"{name} is not that of the report" for name in files if self._is_other(folder, name, files)]
        return found

    @staticmethod
    def _is_other(folder: Path, name: str, files: dict) -> bool:
        return digest(folder / "d" / name) != files[name]["sha256"]


SCENES = {
    "train": [Train(["--threads", "1"]), Train(["--deterministic", "--threads", "2"])],
    "encode": [Encode(), Encode("--no-cache")],
    "save": [Save()],
    "convert": [Convert("out.txt.gz"), Convert("out.bin"), Convert("out.safetensors", "--dtype", "int8")],
    "demo": [Demo()],
}
SHARES = {"train": 0.4, "encode": 0.2, "save": 0.1, "convert": 0.2, "demo": 0.1}


def kill_all(folder: Path, chance: random.Random, kills: int, tell: Callable[[str], None]) -> Outcome:
    """Kill so many processes, of all kinds of work."""
    outcome = Outcome()
    for name, scenes in SCENES.items():
        wanted = max(1, round(kills * SHARES[name] / len(scenes)))
        for scene in scenes:
            _kill_scene(scene, folder / "kills", chance, wanted, outcome)
        tell(f"{name}: {outcome.done.get(f'kills: {name}', 0)} kills, {len(outcome.faults)} faults")
    return outcome


def _kill_scene(scene: Scene, folder: Path, chance: random.Random, wanted: int, outcome: Outcome) -> None:
    scene.prepare(emptied(folder / "whole"))
    before = scene.answer(folder / "whole") if scene.name in ("save", "convert") else ""
    whole = Process(scene.work(), folder / "whole").ended()
    assert whole.code == 0, whole.err
    answer = scene.answer(folder / "whole")
    killed = 0
    while killed < wanted:
        killed += _chain(scene, folder, chance, whole, (answer, before), outcome)


def _chain(
    scene: Scene, folder: Path, chance: random.Random, whole: Ended, answers: tuple[str, str], outcome: Outcome
) -> int:
    """One piece of work, killed a few times in a row and then let finish; return how often it was killed."""
    place = folder / "killed"
    emptied(place)
    scene.prepare(place)
    killed = 0
    for _ in range(OFTEN_ENOUGH):
        moment = chance.uniform(0, whole.seconds) if chance.random() < 0.5 else None
        die_at = None if moment is not None else chance.randint(1, max(1, whole.events))
        ended = Process(scene.work(), place, die_at=die_at).ended(kill_after=moment)
        where = f"{scene.name} killed {'before file operation ' + str(die_at) if die_at else f'after {moment:.3f} s'}"
        if not ended.was_killed:
            outcome.demand(ended.code == 0, f"{where}: {one_sentence(ended) or ended.err}")
            continue
        killed += 1
        outcome.count(f"kills: {scene.name}")
        for harm in scene.harm(place, *answers):
            outcome.faults.append(f"{where}: {harm}")
    last = Process(scene.work(), place).ended()
    outcome.demand(last.code == 0, f"{scene.name} did not go on: {last.err.strip()[-300:]}")
    outcome.demand(scene.answer(place) == answers[0], f"{scene.name} gives another answer after {killed} kills")
    left = parts_in(place)
    outcome.demand(not left, f"{scene.name} leaves {left[:3]}")
    outcome.count("works finished after kills, with the same answer")
    shutil.rmtree(place)
    return killed
