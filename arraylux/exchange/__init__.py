"""Exchange: models that come from other frameworks, and that go to them.

`state_dicts` reads and writes the parameters of PyTorch's modules, which needs no more than their names. `onnx` writes
a whole model, parameters and program, for ONNX runtimes; `program` records the program, and `operators` says each
primitive in the words of that standard.
"""
