"""What the schedules need to know of a CPU's vector unit."""

from dataclasses import dataclass

import tvm
from tvm.target import codegen


@dataclass(frozen=True)
class VectorUnit:
    """`lanes` float32 in a register, of which there are `registers`."""

    lanes: int
    registers: int


AVX512 = VectorUnit(lanes=16, registers=32)
AVX2 = VectorUnit(lanes=8, registers=16)
NEON = VectorUnit(lanes=4, registers=32)
SSE = VectorUnit(lanes=4, registers=16)


def vector_unit_of(target: tvm.target.Target) -> VectorUnit:
    """By the target's features, so that a CPU that hides AVX-512 is taken for what it has."""
    features = {str(feature) for feature in codegen.llvm_get_cpu_features(target)}
    if "avx512f" in features:
        return AVX512
    if "avx2" in features or "avx" in features:
        return AVX2
    if "neon" in features:
        return NEON
    return SSE
