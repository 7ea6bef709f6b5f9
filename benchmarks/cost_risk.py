"""How fast and how right is a cost-risk total, against the peers in the same run?

W1 is 50 PERT lines and 20 risk events with a triangular impact, all independent; in W2 every two lines have a rank
correlation of 0.3. Each contender runs in a process of its own: CPU seconds of the best of three runs without imports, and
that process's peak memory. The error is that of the P80 against the exact value. To run::

    pip install squigglepy openturns
    python benchmarks/cost_risk.py              # the table, about a minute
    python benchmarks/cost_risk.py --accuracy   # RMS error over 150 seeds, coverage over 200, realised correlation
    python benchmarks/cost_risk.py --growth     # up to 2,000 lines x 200 risks x 5 project factors

A peer that is not installed is left out.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import math
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

#: P80 by convolution on ever finer grids, published with the workload.
EXACT_P80 = {"W1": 1816121.0, "W2": 1876030.9}
CORRELATION = {"W1": 0.0, "W2": 0.3}
PEER_DRAWS, OUR_DRAWS = 100_000, 65_536
#: What the library promises: contender and workload -> share of squigglepy's CPU.
PROMISED = {("simulated", "W1"): 1 / 3, ("simulated", "W2"): 1 / 25, ("exact", "W1"): 1 / 20, ("exact", "W2"): 1 / 100}


def workload(n_lines: int = 50, n_risks: int = 20, seed: int = 20240601):
    """Return (low, likely, high) of the lines and (probability, low, likely, high) of the risks."""
    rng = np.random.default_rng(seed)
    likely = rng.uniform(5_000, 60_000, n_lines)
    lines = likely * rng.uniform(0.70, 0.95, n_lines), likely, likely * rng.uniform(1.10, 2.00, n_lines)
    probability, impact = rng.uniform(0.05, 0.40, n_risks), rng.uniform(3_000, 40_000, n_risks)
    return lines, (probability, impact * rng.uniform(0.5, 0.9, n_risks), impact, impact * rng.uniform(1.2, 2.5, n_risks))


def model(name: str):
    from acctlib.outlook.distributions import pert, triangular
    from acctlib.outlook.model import CostModel, Line, Risk

    lines, risks = workload()
    return CostModel(
        [Line(f"line {i}", pert(*three)) for i, three in enumerate(zip(*lines, strict=True))],
        [Risk(f"risk {i}", chance, triangular(*three)) for i, (chance, *three) in enumerate(zip(*risks, strict=True))],
        CORRELATION[name],
    )


def exact_total(name: str) -> float:
    from acctlib.outlook import families
    from acctlib.outlook.exact import exact

    families._standard_beta.cache_clear()
    return exact(model(name)).quantile(0.8)


def simulated_total(name: str) -> float:
    from acctlib.outlook import families
    from acctlib.outlook.simulate import simulate

    families._standard_beta.cache_clear()
    return simulate(model(name), OUR_DRAWS, seed=1).quantile(0.8)


def numpy_total(name: str) -> float:
    """The usual hand-written simulation: beta draws, for W2 by scipy's inverse after a normal copula."""
    from scipy import special

    (low, likely, high), (chance, *impact) = workload()
    rng = np.random.default_rng(1)
    a, b = 1 + 4 * (likely - low) / (high - low), 1 + 4 * (high - likely) / (high - low)
    if CORRELATION[name]:
        rho = 2 * math.sin(math.pi * CORRELATION[name] / 6)
        scores = math.sqrt(rho) * rng.standard_normal((PEER_DRAWS, 1))
        scores = scores + math.sqrt(1 - rho) * rng.standard_normal((PEER_DRAWS, len(low)))
        shares = special.betaincinv(a, b, special.ndtr(scores))
    else:
        shares = rng.beta(a, b, (PEER_DRAWS, len(low)))
    total = (low + (high - low) * shares).sum(axis=1)
    happens = rng.random((PEER_DRAWS, len(chance))) < chance
    total += (happens * rng.triangular(*impact, (PEER_DRAWS, len(chance)))).sum(axis=1)
    return float(np.quantile(total, 0.8))


def squigglepy_total(name: str) -> float:
    import squigglepy as sq

    lines, (chance, *impact) = workload()
    sq.set_seed(1)
    costs = tuple(sq.pert(*map(float, three)) for three in zip(*lines, strict=True))
    if CORRELATION[name]:
        costs = sq.correlate(costs, CORRELATION[name])
    total = sum(sq.sample(cost, PEER_DRAWS) for cost in costs)
    for p, *three in zip(chance, *impact, strict=True):
        # Its zero_inflated says the same three times as slowly.
        total += sq.sample(sq.bernoulli(float(p)), PEER_DRAWS) * sq.sample(sq.triangular(*map(float, three)), PEER_DRAWS)
    return float(np.quantile(total, 0.8))


def openturns_total(name: str) -> float:
    import openturns as ot

    (low, likely, high), (chance, *impact) = workload()
    ot.RandomGenerator.SetSeed(1)
    a, b = 1 + 4 * (likely - low) / (high - low), 1 + 4 * (high - likely) / (high - low)
    margins = [ot.Beta(*map(float, four)) for four in zip(a, b, low, high, strict=True)]
    copula = ot.IndependentCopula(len(low))
    if CORRELATION[name]:
        correlation = ot.CorrelationMatrix(len(low))
        for row in range(len(low)):
            for column in range(row):
                correlation[row, column] = 2 * math.sin(math.pi * CORRELATION[name] / 6)
        copula = ot.NormalCopula(correlation)
    total = np.array(ot.JointDistribution(margins, copula).getSample(PEER_DRAWS)).sum(axis=1)
    for p, *three in zip(chance, *impact, strict=True):
        drawn = np.array(ot.Triangular(*map(float, three)).getSample(PEER_DRAWS))[:, 0]
        total += np.where(np.array(ot.Bernoulli(float(p)).getSample(PEER_DRAWS))[:, 0] > 0, drawn, 0.0)
    return float(np.quantile(total, 0.8))


CONTENDERS = {
    "squigglepy": squigglepy_total,
    "openturns": openturns_total,
    "numpy": numpy_total,
    "simulated": simulated_total,
    "exact": exact_total,
}


def measured(contender: str, name: str, runs: int = 3) -> dict:
    """Return CPU seconds (best of `runs`), peak MB and P80 of one contender, from a process of its own."""
    one_thread = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "OPENTURNS_NUM_THREADS"), "1")
    command = [sys.executable, __file__, "--one", contender, name, str(runs)]
    answer = subprocess.run(command, env=os.environ | one_thread, capture_output=True, text=True, check=True)
    return json.loads(answer.stdout.splitlines()[-1])


def one(contender: str, name: str, runs: int) -> dict:
    seconds = []
    for _ in range(runs + 1):  # the first pays the imports
        started = time.process_time()
        p80 = CONTENDERS[contender](name)
        seconds.append(time.process_time() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"cpu": min(seconds[1:]), "mb": peak, "p80": p80}


def table() -> None:
    there = [who for who in CONTENDERS if who not in ("squigglepy", "openturns") or importlib.util.find_spec(who)]
    print("| total of 50 lines and 20 risks | CPU s | against squigglepy | promised | peak MB | P80 off by |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in ("W1", "W2"):
        found = {who: measured(who, name) for who in there}
        peer = found.get("squigglepy", {}).get("cpu")
        for who, figures in found.items():
            ratio = f"1/{peer / figures['cpu']:.1f}" if peer else "–"
            promised = f"1/{1 / PROMISED[who, name]:.0f}" if (who, name) in PROMISED else ""
            off = abs(figures["p80"] / EXACT_P80[name] - 1)
            print(f"| {name} {who} | {figures['cpu']:.4f} | {ratio} | {promised} | {figures['mb']:.0f} | {off:.1e} |")


def accuracy(seeds: int = 150, draws: int = 16_384) -> None:
    from acctlib.outlook.simulate import simulate

    (low, likely, high), (chance, *impact) = workload()
    a, b = 1 + 4 * (likely - low) / (high - low), 1 + 4 * (high - likely) / (high - low)
    ours, plain = [], []
    for seed in range(seeds):
        ours.append(simulate(model("W1"), draws, seed).quantile(0.8))
        rng = np.random.default_rng(seed)
        total = (low + (high - low) * rng.beta(a, b, (draws, 50))).sum(axis=1)
        total += ((rng.random((draws, 20)) < chance) * rng.triangular(*impact, (draws, 20))).sum(axis=1)
        plain.append(np.quantile(total, 0.8))
    rms = [float(np.sqrt(np.mean((np.array(values) - EXACT_P80["W1"]) ** 2))) for values in (ours, plain)]
    print(
        f"RMS error of P80 over {seeds} seeds at n = {draws:,}: {rms[0]:.0f} against {rms[1]:.0f} plain: {rms[0] / rms[1]:.2f}"
    )
    held = 0
    for seed in range(200):
        lowest, highest = simulate(model("W2"), draws, seed + 1000).interval(0.8)
        held += lowest <= EXACT_P80["W2"] <= highest
    print(f"the stated 95 % interval of P80 held {held} of 200 times ({held / 2:.1f} %)")
    for asked in (0.3, 0.7):
        drawn = simulate(dataclasses.replace(model("W2"), correlation=asked), OUR_DRAWS, 1)
        realised = drawn.rank_correlation().to_numpy()[np.triu_indices(50, 1)]
        print(f"realised rank correlation of lines asked for {asked}: {realised.mean():.4f}")


def growth() -> None:
    sizes = ((2_000, 200, 16_384), (500, 200, 65_536), (1_000, 200, 65_536), (2_000, 200, 65_536))
    work, seconds = [], []
    for n_lines, n_risks, draws in sizes:
        command = [sys.executable, __file__, "--size", str(n_lines), str(n_risks), str(draws)]
        figures = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])
        print(f"{n_lines} lines x {n_risks} risks x 5 factors x {draws:,}: {figures['cpu']:.2f} CPU s, {figures['mb']:.0f} MB")
        work.append((n_lines + n_risks) * draws)
        seconds.append(figures["cpu"])
    slope = np.polyfit(np.log(work), np.log(seconds), 1)[0]
    print(f"time grows with (lines + risks) x draws to the power {slope:.2f}")


def one_size(n_lines: int, n_risks: int, draws: int) -> dict:
    import scipy.stats.qmc  # noqa: F401 (imported before the clock starts)

    from acctlib.outlook.distributions import pert, triangular
    from acctlib.outlook.model import CostModel, Factors, Line, Risk
    from acctlib.outlook.simulate import simulate

    lines, risks = workload(n_lines, n_risks)
    started = time.process_time()
    simulate(
        CostModel(
            [Line(f"line {i}", pert(*three), f"project {i % 5}") for i, three in enumerate(zip(*lines, strict=True))],
            [Risk(f"risk {i}", chance, triangular(*three)) for i, (chance, *three) in enumerate(zip(*risks, strict=True))],
            Factors(project=0.15),
        ),
        draws,
    )
    return {"cpu": time.process_time() - started, "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if arguments[:1] == ["--one"]:
        print(json.dumps(one(arguments[1], arguments[2], int(arguments[3]))))
    elif arguments[:1] == ["--size"]:
        print(json.dumps(one_size(*map(int, arguments[1:]))))
    elif arguments == ["--accuracy"]:
        accuracy()
    elif arguments == ["--growth"]:
        growth()
    else:
        table()
