"""A JAX function as a flat list of elementary operations on numbered values."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal, Var

_INLINED = {"jit", "pjit", "closed_call", "core_call"}


@dataclasses.dataclass(frozen=True)
class Operation:
    """One elementary operation: numbers of the values that go in and come out."""

    primitive: Any
    params: Mapping[str, Any]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    @property
    def name(self) -> str:
        """Name of the primitive, such as `dot_general`."""
        return self.primitive.name

    def __call__(self, *operands: Any) -> list[Any]:
        params, functions = self.primitive.get_bind_params(self.params), ()
        if isinstance(params, tuple):  # jax before 0.10
            functions, params = params
        results = self.primitive.bind(*functions, *operands, **params)
        return list(results) if self.primitive.multiple_results else [results]


class Program:
    """The operations of `function(*arguments)`; calls of jitted functions are inlined.

    Attributes
    ----------
    operations
        In order of execution.
    types
        Shape and dtype of every value, by its number.
    arguments, result
        Numbers of the arguments and of the result.
    constants, literals
        Values of captured arrays and of numbers written in the function, by number.
    """

    def __init__(self, function: Callable[..., Any], *arguments: Any):
        closed = jax.make_jaxpr(function)(*arguments)
        self.operations: list[Operation] = []
        self.types: list[Any] = []
        self.constants: dict[int, Any] = {}
        self.literals: dict[int, np.ndarray] = {}
        self.arguments = [self._number(variable.aval) for variable in closed.jaxpr.invars]
        (self.result,) = self._inline(closed, self.arguments)

    def run(self, arguments: Sequence[Any], perturbations: Mapping[int, Any]) -> list[Any]:
        """Return all values; `perturbations` are added to the values of their numbers."""
        values: list[Any] = [None] * len(self.types)
        given = [*self.constants.items(), *self.literals.items()]
        for number, value in [*given, *zip(self.arguments, arguments, strict=True)]:
            values[number] = value
        for operation in self.operations:
            results = operation(*(values[number] for number in operation.inputs))
            for number, result in zip(operation.outputs, results, strict=True):
                is_perturbed = number in perturbations
                values[number] = result + perturbations[number] if is_perturbed else result
        return values

    def _number(self, value_type: Any) -> int:
        self.types.append(value_type)
        return len(self.types) - 1

    def _inline(self, closed: ClosedJaxpr, arguments: Sequence[int]) -> list[int]:
        jaxpr: Jaxpr = closed.jaxpr
        numbers: dict[Var, int] = dict(zip(jaxpr.invars, arguments, strict=True))
        for variable, value in zip(jaxpr.constvars, closed.consts, strict=True):
            numbers[variable] = self._number(variable.aval)
            self.constants[numbers[variable]] = value

        def read(atom: Any) -> int:
            if not isinstance(atom, Literal):
                return numbers[atom]
            number = self._number(atom.aval)
            self.literals[number] = np.asarray(atom.val, self.types[number].dtype)
            return number

        for equation in jaxpr.eqns:
            inputs = tuple(read(atom) for atom in equation.invars)
            inner = equation.params.get("jaxpr", equation.params.get("call_jaxpr"))
            if equation.primitive.name in _INLINED and isinstance(inner, ClosedJaxpr):
                outputs = self._inline(inner, inputs)
            else:
                outputs = [self._number(variable.aval) for variable in equation.outvars]
                self.operations.append(
                    Operation(equation.primitive, equation.params, inputs, tuple(outputs))
                )
            numbers |= dict(zip(equation.outvars, outputs, strict=True))
        return [read(atom) for atom in jaxpr.outvars]
