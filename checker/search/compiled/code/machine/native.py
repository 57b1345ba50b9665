"""From a unit of the generated text to machine code: a small compiler for the Python that the
generator writes.

The text is Python over 64-bit integers: functions, `for ... in range(n)`, `while`, `if`,
assignments to locals, arithmetic that wraps, comparisons, and the operations of `intrinsics`.
Parameters named in `ARRAYS` are arrays of words, none of which overlap. LLVM does the rest;
anything else in the text raises.
"""

from __future__ import annotations

import ast
import ctypes
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir

from checker.search.compiled.code.machine.intrinsics import OPERATIONS
from checker.search.compiled.code.units import Unit, inlined

_SHARED = {"states", "table", "work", "shared", "plan", "args"}
ARRAYS = _SHARED | {"buf", "hb", "recent", "array", "a", "b", "target", "found", "counts"}
_I64, _I1 = ir.IntType(64), ir.IntType(1)
_WORDS = ir.PointerType(_I64)
_COMPARE = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.BitAnd: "and_",
    ast.BitOr: "or_",
    ast.BitXor: "xor",
    ast.RShift: "ashr",
    ast.LShift: "shl",
}


def object_code(unit: Unit, optimised: bool) -> bytes:
    """Return the machine code of a unit, for this processor: optimised, it takes ten times as long
    to make and runs some five times as fast.
    """
    module = ir.Module("scope")
    functions: dict[str, ir.Function] = {}
    for node in _functions(unit.called):
        functions[node.name] = _declare(module, node)
    defined = _functions(unit.functions)
    for node, own in zip(defined, unit.functions, strict=True):
        functions[node.name] = _declare(module, node)
        if node.name not in unit.exported:
            functions[node.name].linkage = "internal"
            functions[node.name].attributes.add("alwaysinline" if inlined(own) else "noinline")
    constants = dict(unit.constants)
    for node in defined:
        _Body(functions, constants, node).compile()
    machine = _machine(optimised)
    parsed = llvm.parse_assembly(str(module))
    if optimised:
        _optimise(parsed, machine)
    else:
        _lift(parsed, machine)
    return machine.emit_object(parsed)  # type: ignore[no-any-return]  # bytes


def _optimise(parsed: Any, machine: Any) -> None:
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    # Canonical forms of four states at once take a third of the time. Unrolled, the code is four
    # times as long and no faster; interleaved, half as long again.
    options.loop_vectorization = True
    options.loop_unrolling = options.loop_interleaving = options.slp_vectorization = False
    passes = llvm.create_pass_builder(machine, options)
    passes.getModulePassManager().run(parsed, passes)


def _lift(parsed: Any, machine: Any) -> None:
    """Lift locals into registers and do no more: less code is left to write."""
    passes = llvm.create_new_module_pass_manager()
    passes.add_always_inliner_pass()
    passes.add_sroa_pass()
    options = llvm.create_pipeline_tuning_options(speed_level=0)
    passes.run(parsed, llvm.create_pass_builder(machine, options))


def _functions(sources: Iterable[str]) -> list[ast.FunctionDef]:
    parsed = [ast.parse(source).body[0] for source in sources]
    return [node for node in parsed if isinstance(node, ast.FunctionDef)]


_engines: list[tuple[Any, Any]] = []


class Loaded:
    """Machine code ready to be called; calls let other threads of Python run."""

    def __init__(self, units: Iterable[bytes], entry: str, arrays: int) -> None:
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine(True))
        for code in units:
            # LLVM crashes if an engine that was given an object file is taken apart: none ever is.
            _engines.append((self._engine, llvm.ObjectFileRef.from_data(code)))
            self._engine.add_object_file(_engines[-1][1])
        self._engine.finalize_object()
        kind = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, *[ctypes.c_void_p] * arrays)
        self.function: Callable[..., int] = kind(self._engine.get_function_address(entry))

    def __call__(self, mode: int, *arrays: Any) -> int:
        """Call the way in with a number and arrays of words."""
        return self.function(mode, *(array.ctypes.data for array in arrays))


@cache
def _machine(optimised: bool) -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features().flatten()
    target = llvm.Target.from_default_triple()
    # Large: the constants of vectors may be loaded too far from the code for 32 bits to reach them,
    # once states have taken gigabytes of addresses.
    return target.create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=features,
        opt=2 if optimised else 0,
        reloc="static",
        codemodel="large",
    )


def processor() -> str:
    """Return what machine code depends on besides its text: the processor and LLVM's version."""
    version = ".".join(map(str, llvm.llvm_version_info))
    return f"{llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()} {version}"


def _declare(module: ir.Module, node: ast.FunctionDef) -> ir.Function:
    kinds = [_WORDS if a.arg in ARRAYS else _I64 for a in node.args.args]
    truth = isinstance(node.returns, ast.Name) and node.returns.id == "bool"
    function = ir.Function(module, ir.FunctionType(_I1 if truth else _I64, kinds), node.name)
    for argument, a in zip(function.args, node.args.args, strict=True):
        argument.name = a.arg
        if a.arg in ARRAYS:
            argument.add_attribute("noalias")
    return function


class _Body:
    """Writes the instructions of one function; locals live in memory until LLVM lifts them into
    registers.
    """

    def __init__(
        self, functions: dict[str, ir.Function], constants: dict[str, int], node: ast.FunctionDef
    ) -> None:
        self.functions, self.constants, self.node = functions, constants, node
        self.function = functions[node.name]
        self.entry = self.function.append_basic_block("entry")
        self.b = ir.IRBuilder(self.entry)
        self.arrays = {a.name: a for a in self.function.args if a.type == _WORDS}
        self.locals: dict[str, Any] = {}
        self.breaks: list[Any] = []

    def compile(self) -> None:
        """Write the whole function."""
        body = self.b.append_basic_block("body")
        self.b.position_at_end(body)
        for argument in self.function.args:
            if argument.type == _I64:
                self.store(argument.name, argument)
        self.block(self.node.body)
        if not self.b.block.is_terminated:
            self.b.unreachable()
        self.b.position_at_end(self.entry)
        self.b.branch(body)

    def store(self, name: str, value: Any) -> None:
        if name not in self.locals:
            here = self.b.block
            self.b.position_at_end(self.entry)
            self.locals[name] = self.b.alloca(value.type, name=name)
            self.b.position_at_end(here)
        self.b.store(value, self.locals[name])

    # ---------------------------------------------------------------- statements
    def block(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            if self.b.block.is_terminated:
                return
            self.statement(statement)

    def statement(self, s: ast.stmt) -> None:
        match s:
            case ast.Expr(ast.Constant()):
                pass
            case ast.Expr(value):
                self.value(value)
            case ast.Assign([ast.Name(name)], value):
                self.store(name, self.value(value))
            case ast.Assign([ast.Tuple(names)], ast.Name(source)):
                for k, target in enumerate(names):
                    assert isinstance(target, ast.Name)
                    address = self.b.gep(self.arrays[source], [_I64(k)])
                    self.store(target.id, self.b.load(address))
            case ast.Assign([ast.Tuple(names)], ast.Tuple(values)):
                found = [self.value(v) for v in values]
                for target, v in zip(names, found, strict=True):
                    assert isinstance(target, ast.Name)
                    self.store(target.id, v)
            case ast.AugAssign(ast.Name(name), operator, value):
                old = self.b.load(self.locals[name])
                self.store(name, self.arithmetic(operator, old, self.value(value)))
            case ast.Return(value) if value is not None:
                self.b.ret(self.value(value))
            case ast.Break():
                self.b.branch(self.breaks[-1])
            case ast.If(test, body, other):
                self.branch(self.truth(test), lambda: self.block(body), lambda: self.block(other))
            case ast.While(test, body):
                self.loop(lambda: self.truth(test), lambda: self.block(body))
            case ast.For(ast.Name(name), ast.Call(ast.Name("range"), [ast.Name("WORDS")]), body):
                for word in range(self.constants["WORDS"]):  # too few for a loop
                    self.store(name, _I64(word))
                    self.block(body)
            case ast.For(ast.Name(name), ast.Call(ast.Name("range"), [count]), body):
                self.count(name, self.value(count), body)
            case _:
                raise NotImplementedError(ast.unparse(s))

    def branch(self, condition: Any, then: Callable[[], None], other: Callable[[], None]) -> None:
        yes, no, end = (self.b.append_basic_block(n) for n in ("then", "else", "end"))
        self.b.cbranch(condition, yes, no)
        for start, write in ((yes, then), (no, other)):
            self.b.position_at_end(start)
            write()
            if not self.b.block.is_terminated:
                self.b.branch(end)
        self.b.position_at_end(end)

    def loop(self, test: Callable[[], Any], body: Callable[[], None]) -> None:
        head, inside, end = (self.b.append_basic_block(n) for n in ("head", "inside", "after"))
        self.b.branch(head)
        self.b.position_at_end(head)
        self.b.cbranch(test(), inside, end)
        self.b.position_at_end(inside)
        self.breaks.append(end)
        body()
        self.breaks.pop()
        if not self.b.block.is_terminated:
            self.b.branch(head)
        self.b.position_at_end(end)

    def count(self, name: str, limit: Any, body: list[ast.stmt]) -> None:
        counter = f"{name} counts"
        self.store(counter, _I64(0))

        def step() -> None:
            now = self.b.load(self.locals[counter])
            self.store(name, now)
            self.store(counter, self.b.add(now, _I64(1)))
            self.block(body)

        self.loop(lambda: self.b.icmp_signed("<", self.b.load(self.locals[counter]), limit), step)

    # ---------------------------------------------------------------- expressions
    def truth(self, e: ast.expr) -> Any:
        value = self.value(e)
        return value if value.type == _I1 else self.b.icmp_signed("!=", value, _I64(0))

    def value(self, e: ast.expr) -> Any:
        match e:
            case ast.Constant(bool(value)):
                return _I1(int(value))
            case ast.Constant(int(value)):
                return _I64(value)
            case ast.Name(name) if name in self.arrays:
                return self.arrays[name]
            case ast.Name(name) if name in self.locals:
                return self.b.load(self.locals[name])
            case ast.Name(name):
                return _I64(self.constants[name])
            case ast.BinOp(left, operator, right):
                return self.arithmetic(operator, self.value(left), self.value(right))
            case ast.UnaryOp(ast.Not(), operand):
                return self.b.not_(self.truth(operand))
            case ast.UnaryOp(ast.Invert(), operand):
                return self.b.not_(self.value(operand))
            case ast.UnaryOp(ast.USub(), operand):
                return self.b.neg(self.value(operand))
            case ast.Compare(left, [operator], [right]):
                a, b = self.alike(self.value(left), self.value(right))
                return self.b.icmp_signed(_COMPARE[type(operator)], a, b)
            case ast.IfExp(test, then, other):
                name = f"{len(self.locals)} chosen"
                self.branch(
                    self.truth(test),
                    lambda: self.store(name, self.value(then)),
                    lambda: self.store(name, self.value(other)),
                )
                return self.b.load(self.locals[name])
            case ast.BoolOp(operator, values):
                return self.shortcut(isinstance(operator, ast.And), values)
            case ast.Call(ast.Name(name), arguments):
                return self.call(name, [self.value(a) for a in arguments])
        raise NotImplementedError(ast.unparse(e))

    def shortcut(self, conjunction: bool, values: list[ast.expr]) -> Any:
        name = f"{len(self.locals)} so far"
        self.store(name, self.truth(values[0]))
        for value in values[1:]:
            so_far = self.b.load(self.locals[name])
            go_on = so_far if conjunction else self.b.not_(so_far)
            self.branch(go_on, lambda v=value: self.store(name, self.truth(v)), lambda: None)  # type: ignore[misc]
        return self.b.load(self.locals[name])

    def call(self, name: str, arguments: list[Any]) -> Any:
        if name == "min":
            a, b = arguments
            return self.b.select(self.b.icmp_signed("<", a, b), a, b)
        if name in OPERATIONS:
            return OPERATIONS[name](self.b, *arguments)
        return self.b.call(self.functions[name], arguments)

    def arithmetic(self, operator: ast.operator, a: Any, b: Any) -> Any:
        a, b = self.alike(a, b)
        return getattr(self.b, _ARITHMETIC[type(operator)])(a, b)

    def alike(self, a: Any, b: Any) -> tuple[Any, Any]:
        """Return both as truth values, or both as numbers."""
        if a.type == b.type:
            return a, b
        wide = [self.b.zext(x, _I64) if x.type == _I1 else x for x in (a, b)]
        return wide[0], wide[1]
