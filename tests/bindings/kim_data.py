"""Configurations of copper and nickel by ASE's EMT, a few data for tests: python kim_data.py FILE.xyz"""

import sys

import numpy as np
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
write(sys.argv[1], frames, format="extxyz")
