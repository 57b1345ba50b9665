"""The machine operations of the generated text: memory, atomics, wrapping arithmetic, choice
without branches.

Each writes its instructions; arithmetic wraps, and moving bits is defined for any distance.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

_I64 = ir.IntType(64)
_MIX = 0x9E3779B97F4A7C15
_FINISH = 0xD6E8FEB86659FD93


def get(b: Any, array: Any, i: Any) -> Any:
    """`array[i]`."""
    return b.load(b.gep(array, [i]))


def put(b: Any, array: Any, i: Any, value: Any) -> Any:
    """`array[i] = value`."""
    return b.store(value, b.gep(array, [i]))


def peek(b: Any, array: Any, i: Any) -> Any:
    """Read a word that another thread may be writing; what it wrote before is visible too."""
    return b.load_atomic(b.gep(array, [i]), "acquire", 8)


def scan(b: Any, array: Any, i: Any, value: Any, compared: Any) -> Any:
    """Read a cache line, once, that another thread may be filling; return one bit for each of its
    8 words that agrees with the value in the bits compared, and above these one for each that is 0.
    """
    line = ir.VectorType(_I64, 8)
    words = b.load(b.bitcast(b.gep(array, [i]), line.as_pointer()), align=64)
    b.fence("acquire")
    zero, bits = line(None), ir.IntType(8)
    alike = b.icmp_unsigned("==", b.and_(b.xor(words, _all(b, value)), _all(b, compared)), zero)
    empty = b.icmp_unsigned("==", words, zero)
    found = [b.zext(b.bitcast(x, bits), _I64) for x in (alike, empty)]
    return b.or_(found[0], b.shl(found[1], _I64(8)))


def _all(b: Any, value: Any) -> Any:
    """Return eight times the value."""
    line = ir.VectorType(_I64, 8)
    one = b.insert_element(line(ir.Undefined), value, ir.IntType(32)(0))
    return b.shuffle_vector(one, line(ir.Undefined), ir.VectorType(ir.IntType(32), 8)(None))


def trailing(b: Any, x: Any) -> Any:
    """How many zeros there are below the lowest bit set."""
    return b.cttz(x, ir.IntType(1)(0))


def claim(b: Any, array: Any, i: Any, value: Any) -> Any:
    """Write the word if it is 0, in one step; return what was there."""
    result = b.cmpxchg(b.gep(array, [i]), _I64(0), value, "acq_rel", "acquire")
    return b.extract_value(result, 0)


def fetch_add(b: Any, array: Any, i: Any, value: Any) -> Any:
    """Add to the word in one step; return what was there."""
    return b.atomic_rmw("add", b.gep(array, [i]), value, "acq_rel")


def prefetch(b: Any, array: Any, i: Any) -> Any:
    """Ask for the cache line of the word."""
    at = b.gep(array, [i])
    i32 = ir.IntType(32)
    name = "llvm.prefetch.p0i64"
    if name not in b.module.globals:
        kind = ir.FunctionType(ir.VoidType(), [at.type, i32, i32, i32])
        ir.Function(b.module, kind, name)
    return b.call(b.module.globals[name], [at, i32(1), i32(3), i32(1)])


def shr(b: Any, x: Any, n: Any) -> Any:
    """Move bits down by n modulo 64, zeros coming in: defined also where a reference is none."""
    return b.lshr(x, b.and_(n, _I64(63)))


def shl(b: Any, x: Any, n: Any) -> Any:
    """Move bits up by n modulo 64."""
    return b.shl(x, b.and_(n, _I64(63)))


def pick(b: Any, condition: Any, x: Any, y: Any) -> Any:
    """`x if condition else y`, both computed: no branch to mispredict."""
    return b.select(condition, x, y)


def flag(b: Any, condition: Any) -> Any:
    """1 if the condition holds, else 0."""
    return b.zext(condition, _I64)


def mix(b: Any, h: Any, x: Any) -> Any:
    """Return the hash `h` continued with the word `x`."""
    h = b.mul(b.xor(h, x), _I64(_MIX))
    h = b.xor(h, b.lshr(h, _I64(32)))
    return b.mul(h, _I64(_FINISH))


def home(b: Any, h: Any, size: Any) -> Any:
    """Return the slot of a hash in a table of any size: its fraction of 2^64, times the size."""
    wide = ir.IntType(128)
    product = b.mul(b.zext(h, wide), b.zext(size, wide))
    return b.trunc(b.lshr(product, wide(64)), _I64)


OPERATIONS = {
    f.__name__: f
    for f in (
        get,
        put,
        peek,
        scan,
        claim,
        fetch_add,
        prefetch,
        trailing,
        shr,
        shl,
        pick,
        flag,
        mix,
        home,
    )
}
