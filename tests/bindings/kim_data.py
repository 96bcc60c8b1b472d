"""A few data for the tests of OpenKIM's models:

python kim_data.py metals FILE.xyz           configurations of copper and nickel by ASE's EMT
python kim_data.py pairs FILE.xyz NAME.pes   two molecules of water: that surface, charges and repulsion
python kim_data.py chain FILE.xyz            methanol, H H H C O H: springs between all atoms
"""

import sys
from typing import Callable

import numpy as np

BOHR, HARTREE = 0.529177210903, 27.211386245988


def metals(path: str) -> None:
    from ase.build import bulk
    from ase.calculators.emt import EMT
    from ase.io import write

    rng = np.random.RandomState(3)
    frames = []
    for k in range(12):
        atoms = bulk("Cu", cubic=True, a=3.55 + 0.02 * (k % 4)) * (2, 1, 1)
        atoms.numbers[rng.permutation(8)[: k % 5]] = 28
        atoms.positions += rng.normal(0, 0.12, atoms.positions.shape)
        atoms.calc = EMT()
        atoms.get_forces()
        frames.append(atoms)
    write(path, frames, format="extxyz")


def write_frames(path: str, symbols: str, frames: list, energy: Callable) -> None:
    """With forces by differences."""
    with open(path, "w") as out:
        for xyz in frames:
            out.write(f"{len(symbols)}\nProperties=species:S:1:pos:R:3:forces:R:3 energy={energy(xyz):.12f}\n")
            for k, symbol in enumerate(symbols):
                step = np.zeros((3, *xyz.shape))
                step[range(3), k, range(3)] = 1e-4
                force = [(energy(xyz - s) - energy(xyz + s)) / 2e-4 for s in step]
                out.write(symbol + "".join(f" {x:.10f}" for x in (*xyz[k], *force)) + "\n")


def pairs(path: str, pes: str) -> None:
    from eqml import Surface

    rng, water = np.random.RandomState(4), Surface(pes)
    charge = np.array([0.35, 0.35, -0.7])
    height = np.array([[30.0, 30, 120], [30, 30, 120], [120, 120, 5000]])
    reach = np.array([[0.35, 0.35, 0.26], [0.35, 0.35, 0.26], [0.26, 0.26, 0.3]])

    def interaction(xyz: np.ndarray) -> float:
        r = np.linalg.norm(xyz[:3, None] - xyz[None, 3:], axis=-1)
        return (height * np.exp(-r / reach) + 14.4 * charge[:, None] * charge * (1 - np.exp(-((r / 1.2) ** 2))) / r).sum()

    def energy(xyz: np.ndarray) -> float:
        return interaction(xyz) + water.energy(xyz.reshape(2, 3, 3) / BOHR).sum() * HARTREE

    frames = []
    while len(frames) < 800:
        both = np.array([[0.757, 0.586, 0], [-0.757, 0.586, 0], [0, 0, 0]]) + rng.normal(0, 0.05, (2, 3, 3))
        both = both @ np.array([np.linalg.qr(rng.normal(size=(3, 3)))[0] for _ in range(2)])
        both[1, :, 2] += rng.uniform(2.2, 7.4)
        if interaction(both.reshape(6, 3)) < 1:
            frames.append(both.reshape(6, 3))
    write_frames(path, "HHOHHO", frames, energy)


METHANOL = np.array([[0.97, 0.47, 0.81], [0.97, 0.47, -0.81], [-0.27, 1.0, 0], [0.35, 0.1, 0], [0, -1.28, 0], [0.8, -1.8, 0]])


def chain(path: str) -> None:
    rng = np.random.RandomState(6)
    at = np.triu_indices(6, 1)

    def distances(xyz: np.ndarray) -> np.ndarray:
        return np.linalg.norm(xyz[at[0]] - xyz[at[1]], axis=-1)

    rest = distances(METHANOL)
    rest[at[1] < 3], rest[(at[0] < 3) & (at[1] == 3)] = 1.78, 1.09
    rest[(at[0] < 3) & (at[1] == 4)], rest[(at[0] < 3) & (at[1] == 5)] = 2.05, 2.6
    frames = [METHANOL + rng.normal(0, 0.05, (6, 3)) for _ in range(100)]
    write_frames(path, "HHHCOH", frames, lambda xyz: (5 / rest**2 * (distances(xyz) - rest) ** 2).sum())


if __name__ == "__main__":
    {"metals": metals, "pairs": pairs, "chain": chain}[sys.argv[1]](*sys.argv[2:])
