"""Machine operations that Numba does not offer: prefetch, atomics, unchecked access, wrapping arithmetic.

Numba compiles signed products as 'never overflows', so the same hash written in Python can give two values
in two loops. The hash is therefore built here, where a product simply wraps.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

_I64 = ir.IntType(64)
_MIX = 0x9E3779B97F4A7C15
_FINISH = 0xD6E8FEB86659FD93


def _address(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    array = make_array(signature.args[0])(context, builder, args[0])
    return builder.gep(array.data, [args[1]])


@intrinsic
def get(typing: Any, array: Any, i: Any) -> Any:
    """`array[i]`, with no thought of negative indices."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(_address(context, builder, signature, args))

    return types.int64(array, types.int64), emit


@intrinsic
def put(typing: Any, array: Any, i: Any, value: Any) -> Any:
    """`array[i] = value`, with no thought of negative indices."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store(args[2], _address(context, builder, signature, args[:2]))
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64), emit


@intrinsic
def peek(typing: Any, array: Any, i: Any) -> Any:
    """Read a word that another thread may be writing; what it wrote before is visible too."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load_atomic(_address(context, builder, signature, args), "acquire", 8)

    return types.int64(array, types.int64), emit


@intrinsic
def claim(typing: Any, array: Any, i: Any, value: Any) -> Any:
    """Write the word if it is 0, in one step; return what was there."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        at = _address(context, builder, signature, args[:2])
        result = builder.cmpxchg(at, _I64(0), args[2], "acq_rel", "acquire")
        return builder.extract_value(result, 0)

    return types.int64(array, types.int64, types.int64), emit


@intrinsic
def fetch_add(typing: Any, array: Any, i: Any, value: Any) -> Any:
    """Add to the word in one step; return what was there."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        at = _address(context, builder, signature, args[:2])
        return builder.atomic_rmw("add", at, args[2], "acq_rel")

    return types.int64(array, types.int64, types.int64), emit


@intrinsic
def prefetch(typing: Any, array: Any, i: Any) -> Any:
    """Ask for the cache line of the word."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        at = _address(context, builder, signature, args)
        i32 = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [at.type, i32, i32, i32])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(function, [at, i32(1), i32(3), i32(1)])
        return context.get_dummy_value()

    return types.void(array, types.int64), emit


@intrinsic
def shr(typing: Any, x: Any, n: Any) -> Any:
    """Move bits down by n modulo 64, zeros coming in: defined also where a reference is none."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.lshr(args[0], builder.and_(args[1], _I64(63)))

    return types.int64(types.int64, types.int64), emit


@intrinsic
def shl(typing: Any, x: Any, n: Any) -> Any:
    """Move bits up by n modulo 64."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.shl(args[0], builder.and_(args[1], _I64(63)))

    return types.int64(types.int64, types.int64), emit


@intrinsic
def pick(typing: Any, condition: Any, a: Any, b: Any) -> Any:
    """`a if condition else b`, both computed: no branch to mispredict."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.select(args[0], args[1], args[2])

    return types.int64(types.boolean, types.int64, types.int64), emit


@intrinsic
def flag(typing: Any, condition: Any) -> Any:
    """1 if the condition holds, else 0."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.zext(args[0], _I64)

    return types.int64(types.boolean), emit


@intrinsic
def mix(typing: Any, h: Any, x: Any) -> Any:
    """Return the hash `h` continued with the word `x`."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        h = builder.mul(builder.xor(args[0], args[1]), _I64(_MIX))
        h = builder.xor(h, builder.lshr(h, _I64(32)))
        return builder.mul(h, _I64(_FINISH))

    return types.int64(types.int64, types.int64), emit


@intrinsic
def home(typing: Any, h: Any, size: Any) -> Any:
    """Return the slot of a hash in a table of any size: its fraction of 2^64, times the size."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        wide = ir.IntType(128)
        product = builder.mul(builder.zext(args[0], wide), builder.zext(args[1], wide))
        return builder.trunc(builder.lshr(product, wide(64)), _I64)

    return types.int64(types.int64, types.int64), emit
