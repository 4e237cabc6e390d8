"""A machine that lets down: disks that are full, folders that are read-only, two runs at once, a clock set back."""

import os
import random
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

from torture import Outcome
from torture.kills import SCENES, Convert, Scene, Train
from torture.processes import Process, command, emptied, one_sentence, parts_in, run
from torture.scenes import LEARN, damaged_checkpoints, digest, some_vectors, write_text

KILOBYTE = 1024


@contextmanager
def small_disk(folder: Path, kilobytes: int):
    """A disk of that size, mounted there; None where mounting is not allowed."""
    emptied(folder)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    try:
        yield None if mounted.returncode else folder
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)


def grow(folder: Path, kilobytes: int) -> None:
    """Make room on a disk."""
    subprocess.run(["mount", "-o", f"remount,size={kilobytes}k", str(folder)], check=True, capture_output=True)


def _works() -> list[Scene]:
    """Work that writes: training with checkpoints, reading, converting."""
    return [Train(["--threads", "1", "--log", "log"]), SCENES["encode"][0], Convert("out.txt"), Convert("out.bin")]


def fill_disks(folder: Path, chance: random.Random, sizes: int, tell: Callable[[str], None]) -> Outcome:
    """Do work on disks, and under limits of a file's size, that are too small for it by chance; then with room."""
    outcome = Outcome()
    for scene in _works():
        whole = emptied(folder / "roomy")
        scene.prepare(whole)
        before = scene.answer(whole) if isinstance(scene, Convert) else ""
        assert Process(scene.work(), whole).ended().code == 0
        answer = scene.answer(whole)
        needed = sum(path.stat().st_size for path in whole.rglob("*") if path.is_file()) // KILOBYTE
        for _ in range(max(1, sizes // len(_works()))):
            _fill(scene, folder / "disk", chance, needed, (answer, before), outcome)
            _limit(scene, folder / "limited", chance, (answer, before), outcome)
    tell(f"full disks: {sum(outcome.done.values())} tried, {len(outcome.faults)} faults")
    return outcome


def _fill(
    scene: Scene, place: Path, chance: random.Random, needed: int, answers: tuple[str, str], outcome: Outcome
) -> None:
    with small_disk(place, 100_000) as disk:
        if disk is None:
            outcome.count("full disks: mounting is not allowed here, so left out")
            return
        scene.prepare(disk)
        there = sum(path.stat().st_blocks * 512 for path in disk.rglob("*")) // KILOBYTE
        left = chance.randint(0, max(8, needed))
        grow(disk, there + 8 + left)
        ended = Process(scene.work(), disk).ended()
        where = f"{scene.name} with {left} KB of disk"
        _judge(scene, disk, ended, where, answers, outcome, "full disks")
        grow(disk, 100_000)
        again = Process(scene.work(), disk).ended()
        outcome.demand(again.code == 0, f"{where}, then room: {again.err[-300:]}")
        outcome.demand(scene.answer(disk) == answers[0], f"{where}, then room: another answer")


def _limit(scene: Scene, place: Path, chance: random.Random, answers: tuple[str, str], outcome: Outcome) -> None:
    scene.prepare(emptied(place))
    most = chance.randint(100, 60_000)

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    ended = Process(scene.work(), place, first=limit).ended()
    where = f"{scene.name} with files of at most {most:,} bytes"
    _judge(scene, place, ended, where, answers, outcome, "limits of a file's size")
    again = Process(scene.work(), place).ended()
    outcome.demand(again.code == 0 and scene.answer(place) == answers[0], f"{where}, then none: {again.err[-300:]}")


def _judge(scene, place, ended, where, answers, outcome: Outcome, what: str) -> None:
    wrong = one_sentence(ended)
    outcome.demand(not wrong, f"{where}: {wrong}")
    outcome.demand(ended.code in (0, 1), f"{where}: exit status {ended.code}")
    if ended.code == 0:
        outcome.demand(scene.answer(place) == answers[0], f"{where}: another answer")
    else:
        for harm in scene.harm(place, *answers):
            outcome.faults.append(f"{where}: {harm}")
    outcome.demand(not parts_in(place), f"{where}: {parts_in(place)[:2]} is left")
    outcome.count(f"{what}: {'enough after all' if ended.code == 0 else 'told in one sentence, nothing half-written'}")


NOBODY = 65534


def read_only(folder: Path, chance: random.Random, tell: Callable[[str], None]) -> Outcome:
    """Work in folders that can't be written to: by permissions, as somebody without rights, and by mounting."""
    outcome = Outcome()
    place = emptied(folder / "closed")
    write_text(place / "text.txt", 200)
    some_vectors(1, 300).save(place / "in.safetensors")
    shutil.copy(place / "in.safetensors", place / "v.safetensors")
    for name in ("passing", "cache", "kept"):
        (place / name).mkdir()
    before = {path: digest(path) for path in place.iterdir()}
    commands = [
        [*LEARN, "--epochs", "1"],
        [*LEARN, "--epochs", "1", "--checkpoint", "kept"],
        [*LEARN, "--epochs", "1", "--log", "log", "--no-cache"],
        ["convert", "in.safetensors", "v.safetensors"],
        ["convert", "in.safetensors", "out.bin"],
        ["convert", "in.safetensors", "table", "--to", "tensorboard"],
        ["phrases", "text.txt", "-o", "joined.txt"],
    ]

    def nobody() -> None:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)

    folder.chmod(0o755)
    is_reached = all(path.stat().st_mode & 0o1 for path in folder.parents)
    for path in [place, *place.iterdir()]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    if not is_reached:
        outcome.count("read-only folders: nobody gets to the temporary folder, so left out")
    for arguments in commands if is_reached else ():
        ended = _closed(arguments, place, nobody)
        _judge_closed(arguments, ended, place, before, outcome, "read-only folders: by permissions")
    for path in place.iterdir():
        path.chmod(0o755 if path.is_dir() else 0o644)
    place.chmod(0o755)
    bound = (
        subprocess.run(["mount", "--bind", str(place), str(place)], capture_output=True, check=False).returncode == 0
    )
    if bound:
        try:
            subprocess.run(["mount", "-o", "remount,ro,bind", str(place)], check=True, capture_output=True)
            for arguments in commands:
                ended = _closed(arguments, place, lambda: None)
                _judge_closed(arguments, ended, place, before, outcome, "read-only folders: by mounting")
        finally:
            subprocess.run(["umount", "-l", str(place)], check=False, capture_output=True)
    tell(f"read-only folders: {sum(outcome.done.values())} tried, {len(outcome.faults)} faults")
    return outcome


def _closed(arguments, place, first):
    """Run where nothing can be written; what is said goes elsewhere."""
    elsewhere = place.parent / "said"
    elsewhere.mkdir(exist_ok=True)
    elsewhere.chmod(0o777)

    def work() -> int:
        os.chdir(place)
        os.environ["FIRTH_CACHE"] = str(place / "cache")
        return command(arguments)()

    return Process(work, elsewhere, first=first).ended()


def _judge_closed(arguments, ended, place, before, outcome: Outcome, what: str) -> None:
    where = f"{' '.join(arguments)} in a read-only folder"
    wrong = one_sentence(ended)
    outcome.demand(ended.code == 1 and not wrong, f"{where}: exit status {ended.code}, {wrong}")
    outcome.demand({path: digest(path) for path in place.iterdir()} == before, f"{where}: something has changed")
    outcome.count(what)


def two_at_once(folder: Path, chance: random.Random, rounds: int, tell: Callable[[str], None]) -> Outcome:
    """Two processes that write the same: each ends well or says that the other is at work, and the result is whole."""
    outcome = Outcome()
    learn = [*LEARN, "--epochs", "20", "--threads", "1"]
    some = emptied(folder / "answers")
    write_text(some / "text.txt", 1_000)
    answers = {}
    for seed in ("1", "2"):
        assert run([*learn, "--seed", seed], some).code == 0
        answers[seed] = digest(some / "v.safetensors")
    for number in range(rounds):
        place = emptied(folder / "both")
        write_text(place / "text.txt", 1_000)
        some_vectors(1, 2_000).save(place / "in1.safetensors")
        some_vectors(2, 1_000).save(place / "in2.safetensors")
        kind = ("train", "checkpoints", "convert", "encode")[number % 4]
        pairs = {
            "train": [[*learn, "--seed", seed] for seed in ("1", "2")],
            "checkpoints": [[*learn, "--checkpoint", "kept", "--every", "10kwords", "--resume"]] * 2,
            "convert": [["convert", f"in{each}.safetensors", "out.txt", "-q"] for each in (1, 2)],
            "encode": [["data", "describe", "text.txt", "--min-count", "1", "-q", "--json"]] * 2,
        }[kind]
        processes = []
        for each, arguments in enumerate(pairs):
            processes.append(Process(command(arguments), place, told=f"told{each}"))
            time.sleep(chance.random() * 0.3)
        ends = [process.ended() for process in processes]
        for ended in ends:
            wrong = one_sentence(ended)
            refused = ended.code == 1 and "another run is working in" in ended.err
            outcome.demand(not wrong and (ended.code == 0 or refused), f"two at once, {kind}: {wrong or ended.err}")
        outcome.demand(any(ended.code == 0 for ended in ends), f"two at once, {kind}: neither did its work")
        if kind == "train":
            outcome.demand(digest(place / "v.safetensors") in answers.values(), "two at once: vectors of neither run")
        if kind == "checkpoints":
            outcome.demand(digest(place / "v.safetensors") == answers["1"], "two at once: vectors of neither run")
            outcome.faults.extend(damaged_checkpoints(place / "kept"))
        if kind == "convert":
            verified = run(["verify", "out.txt"], place)
            outcome.demand(verified.code == 0, f"two at once: {verified.err}")
        if kind == "encode":
            outcome.demand(
                ends[0].out.split('"seconds"')[0] == ends[1].out.split('"seconds"')[0], "two readings differ"
            )
        outcome.demand(not parts_in(place), f"two at once, {kind}: {parts_in(place)[:2]} is left")
        outcome.count(f"two at once: {kind}")
    tell(f"two at once: {rounds} rounds, {len(outcome.faults)} faults")
    return outcome


def clocks(folder: Path, chance: random.Random, rounds: int, tell: Callable[[str], None]) -> Outcome:
    """A wall clock that jumps by up to years, back and forth, while a run goes on; files from the future."""
    outcome = Outcome()
    scene = Train(["--threads", "1"])
    scene.prepare(emptied(folder / "whole"))
    assert Process(scene.work(), folder / "whole").ended().code == 0
    answer = scene.answer(folder / "whole")
    for _ in range(rounds):
        place = emptied(folder / "clock")
        scene.prepare(place)
        stamp = time.time() + chance.choice([-1e9, -3_600, 3_600, 1e9])
        os.utime(place / "text.txt", (stamp, stamp))
        jumps = random.Random(chance.random())

        def jump(jumps=jumps) -> None:
            true = time.time
            time.time = lambda: true() + jumps.choice([-1e9, -86_400, -1, 0, 60, 1e9])  # type: ignore[assignment]

        for resumed in (False, True):
            ended = Process(scene.work(), place, first=jump).ended(kill_after=None if resumed else 0.2)
            outcome.demand(ended.was_killed or ended.code == 0, f"a clock that jumps: {ended.err[-300:]}")
        outcome.demand(scene.answer(place) == answer, "a clock that jumps: another answer")
        outcome.demand(not scene.harm(place, answer, ""), "a clock that jumps: damage")
        outcome.count("clocks that jump")
    tell(f"clocks: {rounds} rounds, {len(outcome.faults)} faults")
    return outcome
