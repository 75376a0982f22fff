"""What the tuner has measured, in MetaSchedule's database: two files of JSON lines, the definitions of
kernels and, for each, schedules as traces with their seconds."""

import json
from pathlib import Path

import tvm
import tvm_ffi
from tvm import s_tir
from tvm.s_tir import meta_schedule

from .kernels import Kernel, as_kernel, definition
from .trials import KernelUse

FAILED_S = 1e10  # as MetaSchedule has it


class Records:
    """In a folder of their own. Only one process at a time may have them open."""

    def __init__(self, folder: Path, target: tvm.target.Target):
        folder.mkdir(parents=True, exist_ok=True)
        self.target = target
        self.database = _open(folder)
        self.seconds: dict[tuple[int, str], float] = {}  # by definition and trace
        for record in self.database.get_all_tuning_records():
            key = (tvm_ffi.structural_hash(record.workload.mod), _text_of(record.trace))
            self.seconds[key] = float(record.run_secs[0])

    def seconds_of(self, schedule: s_tir.Schedule, defined: tvm.IRModule) -> float | None:
        """None where it was not measured yet."""
        return self.seconds.get((tvm_ffi.structural_hash(defined), _text_of(schedule.trace)))

    def add(self, schedule: s_tir.Schedule, defined: tvm.IRModule, seconds: float) -> None:
        workload = self.database.commit_workload(defined)
        self.database.commit_tuning_record(
            meta_schedule.database.TuningRecord(
                schedule.trace,
                workload,
                [seconds],
                self.target,
                meta_schedule.arg_info.ArgInfo.from_entry_func(defined),
            )
        )
        self.seconds[(tvm_ffi.structural_hash(defined), _text_of(schedule.trace))] = seconds

    def best(self, use: KernelUse, channels: int) -> tuple[float, Kernel] | None:
        """The fastest with weights in blocks of so many channels, and its seconds."""
        defined = defined_module(use, channels)
        if not self.database.has_workload(defined):
            return None
        for record in self.database.get_top_k(self.database.commit_workload(defined), 1):
            if float(record.run_secs[0]) < FAILED_S:
                schedule = s_tir.Schedule(defined)
                record.trace.apply_to_schedule(schedule, remove_postproc=False)
                return float(record.run_secs[0]), as_kernel(schedule, channels)
        return None


def defined_module(use: KernelUse, channels: int) -> tvm.IRModule:
    return tvm.IRModule({"main": definition(use.shape, use.epilogue, channels)})


def _text_of(trace: s_tir.schedule.Trace) -> str:
    return str(trace.as_json())


def _open(folder: Path) -> meta_schedule.database.JSONDatabase:
    """A process that was killed while it wrote leaves half a line, which is taken away. Where anything else is
    wrong, both files are made again: TVM reads them in threads, and one that fails there ends the process."""
    definitions, trials = folder / "definitions.json", folder / "trials.json"
    for file in (definitions, trials):
        if file.exists():
            file.write_text("".join(line + "\n" for line in _whole_lines(file)))
    if not _are_sound(definitions, trials):
        definitions.unlink(missing_ok=True)
        trials.unlink(missing_ok=True)
    return meta_schedule.database.JSONDatabase(str(definitions), str(trials))


def _are_sound(definitions: Path, trials: Path) -> bool:
    """A definition is [hash, module], a trial [number of its definition, [trace, seconds, target, arguments]]."""
    try:
        known = [json.loads(line) for line in _lines(definitions)]
        for structural_hash, module in known:
            if not isinstance(structural_hash, str) or not isinstance(module, str):
                return False
        for line in _lines(trials):
            number, (_, seconds, target, _) = json.loads(line)
            if number not in range(len(known)) or not isinstance(target, dict):
                return False
            if not all(isinstance(value, int | float) for value in seconds):
                return False
    except (ValueError, TypeError):
        return False
    return True


def _lines(file: Path) -> list[str]:
    return file.read_text(errors="replace").splitlines() if file.exists() else []


def _whole_lines(file: Path) -> list[str]:
    lines = _lines(file)
    try:
        json.loads(lines[-1] if lines else "null")
    except ValueError:
        del lines[-1]
    return lines
