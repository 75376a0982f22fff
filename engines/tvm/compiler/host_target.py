"""The TVM target of this machine: its CPU's name and the instructions it really has."""

import os
import platform
import re
from pathlib import Path

import tvm
from tvm.target import codegen

# /proc/cpuinfo's words where LLVM has others. A hypervisor may hide instructions that a CPU of this
# name has, and code with them would end in SIGILL.
_LLVM_NAMES = {
    "avx512_bf16": "avx512bf16",
    "avx512_bitalg": "avx512bitalg",
    "avx512_fp16": "avx512fp16",
    "avx512_vbmi2": "avx512vbmi2",
    "avx512_vnni": "avx512vnni",
    "avx512_vpopcntdq": "avx512vpopcntdq",
    "avx512_vp2intersect": "avx512vp2intersect",
    "avx_vnni": "avxvnni",
}
_X86_VECTOR_FEATURE = re.compile(r"^(avx|fma$|f16c$|amx)")


def host_target() -> tvm.target.Target:
    """Of the CPU on which this runs; the code does not depend on the number of threads. Where the
    measured process runs in an emulator, its CPU: DNNBENCH_TVM_CPU="aarch64-linux-gnu neoverse-n1"."""
    if emulated := os.environ.get("DNNBENCH_TVM_CPU"):
        triple, cpu = emulated.split()
        return _make_target(cpu, [], triple)
    name = codegen.llvm_get_system_cpu()
    target = _make_target(name, [])
    if platform.machine() != "x86_64":
        return target
    usable = _x86_features(Path("/proc/cpuinfo").read_text())
    hidden = sorted(
        str(feature)
        for feature in codegen.llvm_get_cpu_features(target)
        if _X86_VECTOR_FEATURE.match(str(feature)) and str(feature) not in usable
    )
    return _make_target(name, ["-" + feature for feature in hidden])


def _x86_features(cpuinfo: str) -> set[str]:
    flags = re.search(r"^flags\s*:(.*)$", cpuinfo, re.MULTILINE)
    words = flags.group(1).split() if flags else []
    return {_LLVM_NAMES.get(word, word) for word in words}


def _make_target(cpu: str, attributes: list[str], triple: str = "") -> tvm.target.Target:
    description: dict[str, object] = {"kind": "llvm", "mcpu": cpu, "opt-level": 3}
    if attributes:
        description["mattr"] = attributes
    if triple:
        description["mtriple"] = triple
    return tvm.target.Target(description)


def describe(target: tvm.target.Target) -> str:
    """`llvm -mcpu=znver4`, and what of that CPU this machine hides."""
    text = f"llvm -mcpu={target.attrs['mcpu']}"
    attributes = [str(word) for word in target.attrs.get("mattr", [])]
    return text + (f" -mattr={','.join(attributes)}" if attributes else "")
