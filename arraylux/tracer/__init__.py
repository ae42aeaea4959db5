"""The tracer: primitives, dual numbers and the tape, the heart of the package."""
