"""Models of OpenKIM in a stock LAMMPS, for tests/bindings/run.sh:

    python kim.py molecules FOLDER NAME.pes               eqml_NAME, of water
    python kim.py crystal FOLDER libPOTENTIAL.so POTENTIAL  eqml_POTENTIAL, of copper and nickel
    python kim.py pairs FOLDER NAME.pes NAME2.pes MODEL TOTAL CENTRE  eqml_MODEL, with pairs of water
    python kim.py chain FOLDER NAME.pes                   eqml_NAME, whose atoms of one element are not all alike

Energies, forces and stress of a box of molecules, and of a crystal, on one and on two processes, must be those of eqml; bad
input must be refused by name.
"""

import ctypes
import os
import subprocess
import sys

import numpy as np

from eqml import Surface
from kim_data import METHANOL

BOHR, HARTREE = 0.529177210903, 27.211386245988
what, folder = sys.argv[1], os.path.abspath(sys.argv[2])
MPIRUN = ["mpirun", "--allow-run-as-root", "--oversubscribe", "-n"]


def lammps(model: str, elements: str, masses: list, cell: np.ndarray, types: np.ndarray, xyz: np.ndarray, ranks: int,
           steps: int = 0, extra: str = "") -> dict:
    """One evaluation in units metal, and maybe a run at constant energy; {"error": ...} where it fails."""
    with open("kim.data", "w") as out:
        out.write(f"atoms\n\n{len(xyz)} atoms\n{len(masses)} atom types\n\n")
        for d, axis in enumerate("xyz"):
            out.write(f"0 {cell[d, d]:.17g} {axis}lo {axis}hi\n")
        out.write(f"{cell[1, 0]:.17g} {cell[2, 0]:.17g} {cell[2, 1]:.17g} xy xz yz\n\nMasses\n\n")
        out.writelines(f"{k + 1} {mass}\n" for k, mass in enumerate(masses))
        out.write("\nAtoms\n\n")
        out.writelines(f"{i + 1} {t + 1} {x:.17g} {y:.17g} {z:.17g}\n" for i, (t, (x, y, z)) in enumerate(zip(types, xyz)))
    with open("kim.lmp", "w") as out:
        out.write(f"""kim init eqml_{model} metal
atom_style atomic
atom_modify map array
read_data kim.data
kim interactions {elements}
{extra}
neighbor 1 bin
neigh_modify delay 0 every 1
compute own all pe/atom
thermo_style custom step pe pxx pyy pzz pxy pxz pyz vol etotal ke
thermo_modify format float %.16g
dump all all custom 1 kim.dump id c_own fx fy fz
dump_modify all sort id format float %.17g
run 0
undump all
velocity all create 100 1 mom yes rot no
fix all all nve
timestep 0.0001
thermo 20
run {steps}
""")
    for file in ("kim.log", "kim.dump"):
        if os.path.exists(file):
            os.remove(file)
    where = dict(os.environ, KIM_API_PORTABLE_MODELS_DIR=folder, OMP_NUM_THREADS="1")
    run = subprocess.run((MPIRUN + [str(ranks)] if ranks > 1 else []) + ["lmp", "-in", "kim.lmp", "-log", "none"], env=where, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, timeout=100)
    if run.returncode:
        log = open("kim.log").read() if os.path.exists("kim.log") else ""
        return {"error": "\n".join(line for line in log.split("\n") if "* error *" in line), "output": run.stdout}
    rows, table = [], False
    for line in run.stdout.split("\n"):
        if line.strip().startswith("Step"):
            table = True
        elif line.startswith("Loop"):
            table = False
        elif table:
            rows.append([float(x) for x in line.split()])
    atoms = np.loadtxt("kim.dump", skiprows=9)
    return {"energy": rows[0][1], "virial": np.array(rows[0][2:8]) * rows[0][8] / 1.6021765e6, "energies": atoms[:, 1],
            "forces": atoms[:, 2:], "total": [row[9] for row in rows[1:]], "kinetic": rows[-1][10]}


def same(found: dict, energy: float, forces: np.ndarray, virial: np.ndarray) -> None:
    """virial: xx yy zz xy xz yz, eV, which LAMMPS has from its pressure."""
    assert "error" not in found, (found["error"], found["output"])
    assert abs(found["energy"] - energy) < 1e-10 * max(1, abs(energy)), (found["energy"], energy)
    assert abs(found["energies"].sum() - energy) < 1e-10 * max(1, abs(energy))
    assert np.abs(found["forces"] - forces).max() < 1e-10
    assert np.abs(found["virial"] - virial).max() < 1e-10 * (1 + np.abs(virial).max())


def molecules(pes: str) -> None:
    name = os.path.basename(pes)[:-4]
    rng = np.random.RandomState(1)
    surface = Surface(pes)
    n, cell = 4, np.array([[13.0, 0, 0], [1.5, 12.5, 0], [-1, 2, 13.4]])
    whole = []
    for site in np.ndindex(n, n, n):
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        water = np.array([[0.757, 0.586, 0], [-0.757, 0.586, 0], [0, 0, 0]]) + rng.normal(0, 0.04, (3, 3))
        whole.append(water @ turn + (np.array(site) + 0.5) / n @ cell)
    energy, gradient = surface.energy_gradient(np.array(whole) / BOHR)
    forces = -gradient * HARTREE / BOHR
    virial = np.einsum("nai,naj->ij", forces, whole)
    virial = virial[[0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]]
    # Shifted, so that many lie across the borders, wrapped into the cell, and in any order.
    steps = (np.concatenate(whole) + [0.3, 1.6, 1.4]) @ np.linalg.inv(cell)
    order = rng.permutation(len(steps))
    xyz, types = ((steps % 1) @ cell)[order], np.tile([0, 0, 1], n**3)[order]
    for ranks in (1, 2):
        found = lammps(name, "H O", [1.008, 15.999], cell, types, xyz, ranks, 400 if ranks == 1 else 0)
        same(found, energy.sum() * HARTREE, forces.reshape(-1, 3)[order], virial)
        if ranks == 1:
            half = len(found["total"]) // 2
            drift = (np.mean(found["total"][-half:]) - np.mean(found["total"][:half])) / len(xyz)
            print(f"NVE of water, 0.04 ps: drift {drift:.1e} eV an atom, kinetic energy {found['kinetic'] / len(xyz):.1e}")
            assert abs(drift) < 1e-4
    for what, says, change in (
        ("an atom is missing", "a bond is broken, or atoms are missing", (cell, types[1:], xyz[1:])),
        ("molecules touch", "molecules touch", (cell * 0.45, types, xyz * 0.45)),
        ("another molecule", "other atoms", (cell, 1 - types, xyz)),
    ):
        found = lammps(name, "H O", [1.008, 15.999], *change, 1)
        assert "error" in found and says in found["error"], (what, found)
    found = lammps(name, "H O", [1.008, 15.999], cell, types, xyz, 1, extra="pair_coeff * * H O bond 1 0.1")
    assert "error" in found and "from 0.5 to 10" in found["error"], found
    assert "error" in lammps(name, "H N", [1.008, 14], cell, types, xyz, 1)


def crystal(library: str, potential: str) -> None:
    rng = np.random.RandomState(2)
    cell = np.array([[10.8, 0, 0], [0.4, 10.8, 0], [0.2, -0.3, 7.2]])
    sites = np.array([[i, j, k] for i in range(6) for j in range(6) for k in range(4) if (i + j + k) % 2 == 0]) / [6, 6, 4]
    xyz = sites @ cell + rng.normal(0, 0.05, sites.shape)
    types = (rng.uniform(size=len(xyz)) < 0.3).astype(np.int32)
    count, energy, forces, virial = len(xyz), np.zeros(1), np.zeros(xyz.shape), np.zeros(6)

    def at(a: np.ndarray) -> ctypes.c_void_p:
        return a.ctypes.data_as(ctypes.c_void_p)

    x, c = xyz / BOHR, cell / BOHR
    evaluate = getattr(ctypes.CDLL(os.path.abspath(library)), potential + "_evaluate")
    assert evaluate(ctypes.c_size_t(count), at(x), at(types), at(c), None, at(energy), at(forces), at(virial), None) == 0
    for ranks in (1, 2):
        found = lammps(potential, "Cu Ni", [63.546, 58.693], cell, types, (sites % 1) @ cell + xyz - sites @ cell, ranks)
        same(found, energy[0] * HARTREE, forces * HARTREE / BOHR, virial[[0, 1, 2, 5, 4, 3]] * HARTREE)


def switched(r: np.ndarray, start: float, end: float) -> tuple:
    """f(r) and its derivative, from 1 at start to 0 at end."""
    t = np.clip((r - start) / (end - start), 0, 1)
    return 1 - 10 * t**3 + 15 * t**4 - 6 * t**5, (-30 * t**2 + 60 * t**3 - 30 * t**4) / (end - start)


def all_pairs(one: Surface, two: Surface, total: bool, weights: np.ndarray, whole: np.ndarray, cell: np.ndarray, start: float,
              end: float) -> tuple:
    """Energy, forces and virial of molecules [n, 3, 3] with all images of each other; eV, angstrom."""
    alone, slope = one.energy_gradient(whole / BOHR)
    alone, slope = alone * HARTREE, slope * HARTREE / BOHR
    forces, energy, virial = -slope, alone.sum(), -np.einsum("nai,naj->ij", slope, whole)
    centres = np.einsum("k,nkd->nd", weights, whole)
    for image in np.ndindex(3, 3, 3):
        shift = (np.array(image) - 1) @ cell
        apart = centres[:, None] - (centres + shift)[None]
        r = np.sqrt((apart**2).sum(-1))
        a, b = np.nonzero((r < end) & (r > 0))
        if not len(a):
            continue
        both = np.stack([whole[a], whole[b] + shift], axis=1)
        v, g = two.energy_gradient(both.reshape(-1, 6, 3) / BOHR)
        v, g = v * HARTREE, g.reshape(both.shape) * HARTREE / BOHR
        if total:
            v, g = v - alone[a] - alone[b], g - np.stack([slope[a], slope[b]], axis=1)
        f, df = switched(r[a, b], start, end)
        g = g * f[:, None, None, None]
        along = (df * v / r[a, b])[:, None] * apart[a, b]
        g += np.array([1, -1])[None, :, None, None] * weights[None, None, :, None] * along[:, None, None, :]
        energy += (f * v).sum() / 2
        virial -= np.einsum("nhai,nhaj->ij", g, both) / 2
        np.add.at(forces, a, -g[:, 0] / 2)
        np.add.at(forces, b, -g[:, 1] / 2)
    return energy, forces, virial


def pairs(pes: str, pes2: str, model: str, total: str, centre: str) -> None:
    rng = np.random.RandomState(5)
    one, two = Surface(pes), Surface(pes2)
    weights = {"mass": np.array([1.00782503223, 1.00782503223, 15.99491461957]), "O": np.array([0, 0, 1.0])}[centre]
    weights = weights / weights.sum()
    n, cell = 4, np.array([[13.0, 0, 0], [1.5, 12.5, 0], [-1, 2, 13.4]])
    whole = []
    for site in np.ndindex(n, n, n):
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        water = np.array([[0.757, 0.586, 0], [-0.757, 0.586, 0], [0, 0, 0]]) + rng.normal(0, 0.02, (3, 3))
        whole.append(water @ turn + (np.array(site) + 0.5) / n @ cell)
    whole = np.array(whole)
    settings = (one, two, total == "1", weights)
    energy, forces, virial = all_pairs(*settings, whole, cell, 4.5, 6.5)
    for place in ((0, 2, 0), (7, 0, 1), (50, 1, 2)):  # the chain rule against differences
        moved = [whole.copy(), whole.copy()]
        moved[0][place] += 1e-4
        moved[1][place] -= 1e-4
        slope = (all_pairs(*settings, moved[0], cell, 4.5, 6.5)[0] - all_pairs(*settings, moved[1], cell, 4.5, 6.5)[0]) / 2e-4
        assert abs(slope + forces[place]) < 2e-6 * (1 + abs(slope)), (place, slope, forces[place])
    virial = virial[[0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]]
    steps = (np.concatenate(whole) + [0.3, 1.6, 1.4]) @ np.linalg.inv(cell)
    order = rng.permutation(len(steps))
    xyz, types = ((steps % 1) @ cell)[order], np.tile([0, 0, 1], n**3)[order]
    for ranks in (1, 2):
        moves = ranks == 1 and total == "1"  # the surface is not one of interaction energies alone
        found = lammps(model, "H O", [1.008, 15.999], cell, types, xyz, ranks, 300 if moves else 0)
        same(found, energy, forces.reshape(-1, 3)[order], virial)
        if moves:
            half = len(found["total"]) // 2
            drift = (np.mean(found["total"][-half:]) - np.mean(found["total"][:half])) / len(xyz)
            print(f"NVE of water with pairs ({model}), 0.03 ps: drift {drift:.1e} eV an atom, kinetic {found['kinetic'] / len(xyz):.1e}")
            assert abs(drift) < 2e-5
    # A cluster: no images; other distances, given to the model.
    wide, few = np.eye(3) * 60, whole[:9] - whole[:9].mean((0, 1)) + 30
    energy, forces, virial = all_pairs(*settings, few, wide, 4.0, 5.5)
    found = lammps(model, "H O", [1.008, 15.999], wide, np.tile([0, 0, 1], 9), few.reshape(-1, 3), 2,
                   extra="pair_coeff * * H O from 1 4.0 to 1 5.5")
    same(found, energy, forces.reshape(-1, 3), virial[[0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]])
    found = lammps(model, "H O", [1.008, 15.999], cell, types, xyz, 1, extra="pair_coeff * * H O from 1 7.0")
    assert "error" in found and "expected 0 < from < to" in found["error"], found


def chain(pes: str) -> None:
    rng = np.random.RandomState(7)
    name, surface, n = os.path.basename(pes)[:-4], Surface(pes), 3
    cell, elements, masses = np.diag([17.0, 16, 18]), "C H O", [12.011, 1.008, 15.999]
    whole = np.array([(METHANOL + rng.normal(0, 0.03, (6, 3))) @ np.linalg.qr(rng.normal(size=(3, 3)))[0] + (np.array(site) + 0.4) / n @ cell
                      for site in np.ndindex(n, n, n)])
    types = np.array([1, 1, 1, 0, 2, 1])

    def run(whole: np.ndarray, types: np.ndarray, ranks: int = 1) -> tuple:
        """Every molecule with its atoms in another order, and wrapped into the cell, all of them moved across its faces."""
        order = rng.permutation(whole.size // 3)
        xyz = ((whole.reshape(-1, 3) + [1.0, -2, 7]) / np.diag(cell) % 1) @ cell
        return lammps(name, elements, masses, cell, types[order], xyz[order], ranks), order

    energy, gradient = surface.energy_gradient(whole / BOHR)
    forces = -gradient * HARTREE / BOHR
    virial = np.einsum("nai,naj->ij", forces, whole)[[0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]]
    for ranks in (1, 2):
        found, order = run(whole, np.tile(types, n**3), ranks)
        same(found, energy.sum() * HARTREE, forces.reshape(-1, 3)[order], virial)
    for says, atom, place, kind in (
        ("other atoms, or other bonds", 0, METHANOL[4] + [-0.9, -0.3, 0], None),  # H2 C O H2
        ("other atoms, or other bonds", 4, METHANOL[4], 0),  # H3 C C H
        ("a bond is broken", 5, METHANOL[5] * 1.4, None),
        ("molecules touch", 0, METHANOL[0] + [5.6, -0.5, -1], None),
        ("longer than all molecules", slice(0, 2), METHANOL[3] + [[0, 0, 1.27], [0, 0, -1.27]], None),
    ):
        wrong, kinds = np.array([METHANOL + np.array(site) * cell.diagonal() / n for site in np.ndindex(n, n, n)]), np.tile(types, n**3)
        wrong[13, atom] += place - METHANOL[atom]
        if kind is not None:
            kinds[6 * 13 + atom] = kind
        found, _ = run(wrong, kinds)
        assert says in found.get("error", ""), (says, found)
        assert found["error"].count(" * model.c:") == 1, found["error"]


{"molecules": molecules, "crystal": crystal, "pairs": pairs, "chain": chain}[what](*sys.argv[3:])
