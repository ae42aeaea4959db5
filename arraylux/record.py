"""Records: immutable descriptions with named fields, which layers, losses and optimisation rules are.

A record holds settings and no arrays, so it can be printed, compared, hashed, pickled and shared without care. It is
what a frozen dataclass is, and is written like one; but a class costs microseconds to make instead of most of a
millisecond, which with a hundred classes is a large part of the time that importing a library takes.
"""
from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar, Self, TypeVar, dataclass_transform


@dataclass_transform(frozen_default=True)
class Record:
    """Base of classes whose instances are fixed values: annotated names are the fields, in order, with defaults.

    Fields after a line `_: KW_ONLY` are given by keyword alone. A method `__post_init__` is called at the end of the
    construction; it may set fields by `object.__setattr__`.

    Errors: TypeError for a missing argument, for one too many, and for a name that is no field, with the nearest one;
    AttributeError for an assignment to a field.

    >>> class Circle(Record):
    ...     radius: float
    ...     colour: str = "black"
    >>> Circle(2.0), Circle(2.0) == Circle(radius=2.0, colour="black")
    (Circle(radius=2.0, colour='black'), True)
    >>> replace(Circle(2.0), colour="red")
    Circle(radius=2.0, colour='red')
    """

    _fields: ClassVar[tuple[str, ...]] = ()
    _positional: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        own = [name for name, kind in cls.__annotations__.items() if "ClassVar" not in str(kind)]
        split = own.index("_") if "_" in own else len(own)
        known = cls._fields
        cls._positional = (*cls._positional, *[name for name in own[:split] if name not in known])
        cls._fields = (*known, *[name for name in own if name != "_" and name not in known])

    def __init__(self, *args: Any, **settings: Any) -> None:
        cls = type(self)
        if len(args) > len(cls._positional):
            raise TypeError(f"{cls.__name__} takes at most {len(cls._positional)} positional arguments "
                            f"({', '.join(cls._positional)}), got {len(args)}")
        values = dict(zip(cls._positional, args, strict=False))
        for name, value in settings.items():
            if name in values:
                raise TypeError(f"{cls.__name__} got the argument {name!r} twice")
            if name not in cls._fields:
                raise TypeError(f"{cls.__name__} has no argument {name!r}{nearest(name, cls._fields)}")
            values[name] = value
        for name in cls._fields:
            if name in values:
                object.__setattr__(self, name, values[name])
            elif hasattr(cls, name):
                object.__setattr__(self, name, getattr(cls, name))
            else:
                raise TypeError(f"{cls.__name__} needs the argument {name!r} (its arguments: {', '.join(cls._fields)})")
        self.__post_init__()

    def __post_init__(self) -> None:
        """Check the fields; subclasses say how."""

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a {type(self).__name__} cannot be changed; make a new one instead of setting {name!r}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a {type(self).__name__} cannot be changed; {name!r} cannot be deleted")

    def _values(self) -> tuple[Any, ...]:
        return tuple([getattr(self, name) for name in type(self)._fields])

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, Record) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash((type(self), self._values()))

    def __repr__(self) -> str:
        fields = [f"{name}={getattr(self, name)!r}" for name in type(self)._fields]
        return f"{type(self).__name__}({', '.join(fields)})"

    def __replace__(self, **changes: Any) -> Self:
        return type(self)(**{**dict(zip(type(self)._fields, self._values(), strict=True)), **changes})


R = TypeVar("R", bound=Record)


def replace(record: R, **changes: Any) -> R:
    """Return a record like another, with some fields changed."""
    return record.__replace__(**changes)


def nearest(name: str, known: Collection[str]) -> str:
    """Return the end of a message about an unknown name: the one that was probably meant, and all that are known."""
    import difflib

    close = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"{hint} (known: {', '.join(known) or 'none'})"
