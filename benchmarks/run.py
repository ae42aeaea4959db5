"""Times arraylux beside every installed peer (PyTorch, JAX with jit, autograd, NumPy's forward pass), in ratios.

    python benchmarks/run.py                                   # peers of this environment
    python benchmarks/run.py --peers ~/peers/bin/python        # peers that live in an environment of their own
    python benchmarks/run.py --cases smallmlp mlp --rounds 5

Each library runs in one process. The processes take turns, case by case and round by round, so that a change of the
machine's speed meets all of them; a figure is the median over the rounds of a round's median. A time alone says
little on a shared machine: read the ratios.
"""
from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
LIBRARIES = ("arraylux", "numpy", "torch", "jax", "autograd")
CASES = ("operations", "regression", "smallmlp", "mlp", "elementwise", "attention", "lstm", "cnn",
         "hessian", "jacobian")


def interpreter_of(library: str, peers: str) -> str | None:
    """Return the Python that has a library, this one or the peers', or `None`."""
    for python in (sys.executable, peers):
        code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({library!r}) is None)"
        if subprocess.run([python, "-c", code], check=False).returncode == 0:
            return python
    return None


class Worker:
    """A process that times cases for one library."""

    def __init__(self, library: str, python: str, seconds: float, threads: int) -> None:
        keys = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        flags = f"--xla_cpu_multi_thread_eigen={'true' if threads > 1 else 'false'}"
        env = {**os.environ, **dict.fromkeys(keys, str(threads)), "XLA_FLAGS": flags}
        self.process = subprocess.Popen([python, str(HERE / "worker.py"), library, str(seconds), str(threads)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)

    def ask(self, case: str) -> dict[str, Any]:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(case + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline() or '{"error": "the process died"}')
        return answer

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def middle(answers: list[dict[str, Any]], key: str) -> float:
    return statistics.median(a[key] for a in answers)


def report(case: str, answers: dict[str, list[dict[str, Any]]]) -> None:
    """Print one case: a row for each library, with its ratio to arraylux."""
    print(f"\n### {case}\n")
    if case == "operations":
        print("| library | sin(x), µs | above NumPy | x * x, µs | above NumPy |\n| --- | --- | --- | --- | --- |")
        base = {k: middle(answers["numpy"], k) for k in ("sin(x)", "x * x")} if "numpy" in answers else {}
        for library, found in answers.items():
            if "sin(x)" in found[0]:
                times = {k: middle(found, k) for k in ("sin(x)", "x * x")}
                cells = [f"{times[k]:.2f} | {times[k] - base.get(k, 0):+.2f}" for k in times]
                print(f"| {library} | {' | '.join(cells)} |")
        return
    print("| library | median, ms | times arraylux | fastest, ms | first call, ms | peak, MB | loss |\n"
          "| --- | --- | --- | --- | --- | --- | --- |")
    ours = answers.get("arraylux", [{}])
    for library, found in answers.items():
        name = "numpy (forward alone)" if library == "numpy" and case != "regression" else \
            "numpy (by hand)" if library == "numpy" else "jax.jit" if library == "jax" else library
        if "error" in found[0]:
            print(f"| {name} | {found[0]['error']} |")
            continue
        ratio = f"{middle(found, 'median') / middle(ours, 'median'):.2f}" if "median" in ours[0] else ""
        print(f"| {name} | {middle(found, 'median'):.4f} | {ratio} | {min(a['fastest'] for a in found):.4f} "
              f"| {found[0]['first']:.1f} | {max(a['peak'] for a in found):.0f} | {found[0]['value']:.6f} |")


def import_times(pythons: dict[str, str], repeats: int = 9) -> None:
    """Print what importing each library costs, the bare interpreter taken off, taking turns."""
    def seconds(python: str, code: str) -> float:
        start = time.perf_counter()
        subprocess.run([python, "-c", code], check=True)
        return time.perf_counter() - start

    times: dict[str, list[float]] = {library: [] for library in pythons}
    for library, python in pythons.items():
        seconds(python, f"import {library}")                 # once, so that bytecode is written and files are cached
    for _ in range(repeats):
        for library, python in pythons.items():
            times[library].append(seconds(python, f"import {library}") - seconds(python, "pass"))
    base = statistics.median(times["numpy"]) if "numpy" in times else float("nan")
    print("\n### import\n\n| library | median, ms | times numpy |\n| --- | --- | --- |")
    for library, found in times.items():
        print(f"| {library} | {statistics.median(found) * 1e3:.0f} | {statistics.median(found) / base:.2f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", default=sys.executable, help="the Python that has the peers")
    parser.add_argument("--libraries", nargs="+", default=list(LIBRARIES), choices=LIBRARIES)
    parser.add_argument("--cases", nargs="+", default=[*CASES, "import"], choices=[*CASES, "import"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0, help="time for each case, library and round")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()

    found = {library: interpreter_of(library, args.peers) for library in args.libraries}
    pythons = {library: python for library, python in found.items() if python is not None}
    print(f"{platform.platform()}, {os.cpu_count()} cores, {args.threads} threads, Python {platform.python_version()}")
    for library, python in pythons.items():
        code = f"import importlib.metadata as m; print({library!r}, m.version({library!r}))"
        print(subprocess.run([python, "-c", code], capture_output=True, text=True, check=False).stdout.strip()
              or f"{library} (not installed as a package)")
    workers = {library: Worker(library, python, args.seconds, args.threads) for library, python in pythons.items()}
    for case in args.cases:
        if case == "import":
            continue
        rounds = 1 if case == "operations" else args.rounds
        answers: dict[str, list[dict[str, Any]]] = {library: [] for library in workers}
        for _ in range(rounds):
            for library, worker in workers.items():
                answers[library].append(worker.ask(case))
        report(case, answers)
    for worker in workers.values():
        worker.close()
    if "import" in args.cases:
        import_times(pythons)


if __name__ == "__main__":
    main()
