"""Python's operators for a tracer: each is the standard's function of that name."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .tables import FUNCTIONS


class Operators:
    """The operators of an array."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]

    if TYPE_CHECKING:                          # what a tracer has from its other halves
        dtype: Any
        shape: Any

        def become(self, other: Any) -> None: ...

    def __add__(self, other: Any) -> Any:
        return FUNCTIONS["add"](self, other)

    def __radd__(self, other: Any) -> Any:
        return FUNCTIONS["add"](other, self)

    def __sub__(self, other: Any) -> Any:
        return FUNCTIONS["subtract"](self, other)

    def __rsub__(self, other: Any) -> Any:
        return FUNCTIONS["subtract"](other, self)

    def __mul__(self, other: Any) -> Any:
        return FUNCTIONS["multiply"](self, other)

    def __rmul__(self, other: Any) -> Any:
        return FUNCTIONS["multiply"](other, self)

    def __truediv__(self, other: Any) -> Any:
        return FUNCTIONS["divide"](self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return FUNCTIONS["divide"](other, self)

    def __floordiv__(self, other: Any) -> Any:
        return FUNCTIONS["floor_divide"](self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return FUNCTIONS["floor_divide"](other, self)

    def __mod__(self, other: Any) -> Any:
        return FUNCTIONS["remainder"](self, other)

    def __rmod__(self, other: Any) -> Any:
        return FUNCTIONS["remainder"](other, self)

    def __divmod__(self, other: Any) -> tuple[Any, Any]:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> tuple[Any, Any]:
        return other // self, other % self

    def __pow__(self, other: Any) -> Any:
        return FUNCTIONS["pow"](self, other)

    def __rpow__(self, other: Any) -> Any:
        return FUNCTIONS["pow"](other, self)

    def __matmul__(self, other: Any) -> Any:
        return FUNCTIONS["matmul"](self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return FUNCTIONS["matmul"](other, self)

    # --- in place: the handle turns into the result, as by item assignment, and so do its other names ---
    def _turned(self, y: Any) -> Any:
        """Turn into a result of the same form; a number is left as it is, since NumPy's cannot be written into."""
        shape = self.shape
        if shape and y.shape == shape and y.dtype == self.dtype:
            self.become(y)
            return self
        return y

    def __iadd__(self, other: Any) -> Any:
        return self._turned(self + other)

    def __isub__(self, other: Any) -> Any:
        return self._turned(self - other)

    def __imul__(self, other: Any) -> Any:
        return self._turned(self * other)

    def __itruediv__(self, other: Any) -> Any:
        return self._turned(self / other)

    def __ifloordiv__(self, other: Any) -> Any:
        return self._turned(self // other)

    def __imod__(self, other: Any) -> Any:
        return self._turned(self % other)

    def __ipow__(self, other: Any) -> Any:
        return self._turned(self ** other)

    def __imatmul__(self, other: Any) -> Any:
        return self._turned(self @ other)

    def __iand__(self, other: Any) -> Any:
        return self._turned(self & other)

    def __ior__(self, other: Any) -> Any:
        return self._turned(self | other)

    def __ixor__(self, other: Any) -> Any:
        return self._turned(self ^ other)

    def __ilshift__(self, other: Any) -> Any:
        return self._turned(self << other)

    def __irshift__(self, other: Any) -> Any:
        return self._turned(self >> other)

    def __neg__(self) -> Any:
        return FUNCTIONS["negative"](self)

    def __pos__(self) -> Any:
        return FUNCTIONS["positive"](self)

    def __abs__(self) -> Any:
        return FUNCTIONS["abs"](self)

    def __invert__(self) -> Any:
        return FUNCTIONS["bitwise_invert"](self)

    def __and__(self, other: Any) -> Any:
        return FUNCTIONS["bitwise_and"](self, other)

    def __or__(self, other: Any) -> Any:
        return FUNCTIONS["bitwise_or"](self, other)

    def __xor__(self, other: Any) -> Any:
        return FUNCTIONS["bitwise_xor"](self, other)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __lshift__(self, other: Any) -> Any:
        return FUNCTIONS["bitwise_left_shift"](self, other)

    def __rshift__(self, other: Any) -> Any:
        return FUNCTIONS["bitwise_right_shift"](self, other)

    def __eq__(self, other: object) -> Any:
        return FUNCTIONS["equal"](self, other)

    def __ne__(self, other: object) -> Any:
        return FUNCTIONS["not_equal"](self, other)

    def __lt__(self, other: Any) -> Any:
        return FUNCTIONS["less"](self, other)

    def __le__(self, other: Any) -> Any:
        return FUNCTIONS["less_equal"](self, other)

    def __gt__(self, other: Any) -> Any:
        return FUNCTIONS["greater"](self, other)

    def __ge__(self, other: Any) -> Any:
        return FUNCTIONS["greater_equal"](self, other)
