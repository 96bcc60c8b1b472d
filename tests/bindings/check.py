"""What the Python package promises, for check-bindings: in a folder with water.pes, and libwater.so."""

import contextlib
import io
import sys
import unittest

import numpy as np

from eqml import ANGSTROM, EV, EqmlError, Surface
from eqml.__main__ import main


class Arrays(unittest.TestCase):
    def setUp(self):
        self.water = Surface("water.pes")
        rng = np.random.default_rng(3)
        self.xyz = self.water.lowest_xyz + rng.uniform(-0.1, 0.1, (20, 3, 3))

    def test_record(self):
        w = self.water
        self.assertEqual((w.natoms, w.symbols, w.composition, w.charge), (3, ["H", "H", "O"], "H2 O", 0))
        self.assertEqual(w.fits, {"energy", "dipole", "charges"})
        self.assertEqual(w.energy_range[0], min(w.energy_range))
        self.assertAlmostEqual(w.energy(w.lowest_xyz), w.energy_range[0], delta=1e-3)
        self.assertTrue(w.inside(w.lowest_xyz))
        self.assertEqual(w.inside(w.lowest_xyz[None] * 3), [False])

    def test_gradient_is_the_slope(self):
        x, step = self.xyz[0].copy(), 1e-4
        _, gradient, hessian = self.water.energy_hessian(x)
        for k in range(9):
            x.flat[k] += step
            up, slope_up = self.water.energy_gradient(x)
            x.flat[k] -= 2 * step
            down, slope_down = self.water.energy_gradient(x)
            x.flat[k] += step
            self.assertAlmostEqual((up - down) / (2 * step), gradient.flat[k], delta=1e-6)
            np.testing.assert_allclose((slope_up - slope_down).ravel() / (2 * step), hessian[k], atol=1e-5)

    def test_batches_are_single_ones_and_the_library_the_same(self):
        energies, gradients = self.water.energy_gradient(self.xyz)
        library = Surface("libwater.so")
        for s in (self.water, library):
            for x, e, g in zip(self.xyz, energies, gradients):
                one, slope = s.energy_gradient(x)
                self.assertAlmostEqual(one, e, delta=1e-10)
                np.testing.assert_allclose(slope, g, atol=1e-10)
            dipole, jacobian = s.dipole(self.xyz, jacobian=True)
            self.assertEqual((dipole.shape, jacobian.shape), ((20, 3), (20, 3, 3, 3)))
        np.testing.assert_allclose(library.dipole(self.xyz), self.water.dipole(self.xyz), atol=1e-10)
        charges = self.water.charges(self.xyz)
        np.testing.assert_allclose(np.einsum("ni,nik->nk", charges, self.xyz), self.water.dipole(self.xyz), atol=1e-12)
        np.testing.assert_allclose(charges.sum(axis=1), 0, atol=1e-12)

    def test_no_copies(self):
        room = np.empty_like(self.xyz)
        _, gradient = self.water.energy_gradient(self.xyz, out=room)
        self.assertIs(gradient, room)
        taken, _ = self.water._take(self.xyz)
        self.assertIs(taken, self.xyz)
        turned = np.asfortranarray(self.xyz)
        np.testing.assert_array_equal(self.water.energy(turned), self.water.energy(self.xyz))

    def test_refusals(self):
        w = self.water
        for bad in (np.zeros(9), np.zeros((4, 3)), np.zeros((1, 2, 3, 3))):
            with self.assertRaisesRegex(ValueError, r"\[3, 3\]"):
                w.energy(bad)
        with self.assertRaises(TypeError):
            w.energy(np.zeros((3, 3), dtype=complex))
        with self.assertRaises(ValueError):
            w.energy_gradient(self.xyz, out=np.empty((20, 3, 3), dtype=np.float32))
        with self.assertRaisesRegex(EqmlError, "polarizability"):
            w.polarizability(self.xyz)
        for path in ("none.pes", "libnone.so"):
            with self.assertRaisesRegex(EqmlError, "none"):
                Surface(path)
        with self.assertRaisesRegex(EqmlError, "H H O"):
            w.match([1, 8, 8])
        self.assertTrue(np.isnan(w.energy(np.zeros((3, 3)))))
        text = open("water.pes").read()
        lines = text.splitlines()
        for edited, word in (
            (text.replace("eqml-pes 5", "eqml-pes 6"), "newer"),
            (text.replace("eqml-pes 5", "eqml-pes 4"), "without the tables"),
            ("\n".join(lines[:40]), "truncated"),
            (text.replace("\noffset ", "\noffset nan ", 1), "finite"),
            (text.replace("\npair 0 1 0", "\npair 0 1 1", 1), "damaged"),
            (text.replace("basis water 6 50", "basis water 6 51"), "damaged"),
            ("", "truncated"),
        ):
            with open("edited.pes", "w") as f:
                f.write(edited)
            with self.assertRaisesRegex(EqmlError, r"edited\.pes:\d+: .*" + word):
                Surface("edited.pes")

    def test_command_line(self):
        with contextlib.redirect_stdout(io.StringIO()) as shown:
            self.assertEqual(main(["show", "water.pes"]), 0)
        self.assertIn("H2 O", shown.getvalue())
        self.assertEqual(main(["show", "none.pes"]), 1)
        self.assertNotEqual(main(["fit", "none.xyz", "H2 O", "-d", "2"]), 0)


try:
    import ase
except ImportError:
    print("check-bindings: no ASE here; its calculator is not tested")
else:
    from ase import Atoms, units
    from ase.calculators.calculator import CalculatorError
    from ase.md.verlet import VelocityVerlet
    from ase.md.velocitydistribution import MaxwellBoltzmannDistribution
    from ase.optimize import BFGS
    from ase.vibrations import Infrared, Vibrations

    from eqml.ase import Calculator

    class Ase(unittest.TestCase):
        def setUp(self):
            self.surface = Surface("water.pes")
            place = self.surface.lowest_xyz / ANGSTROM
            self.atoms = Atoms("OH2", place[[2, 0, 1]], calculator=Calculator(self.surface))

        def test_units_and_matching(self):
            atoms = self.atoms
            atoms.rattle(0.05, seed=1)
            xyz = atoms.positions[[1, 2, 0]] * ANGSTROM
            energy, gradient = self.surface.energy_gradient(xyz)
            self.assertAlmostEqual(atoms.get_potential_energy(), energy / EV, delta=1e-9)
            np.testing.assert_allclose(atoms.get_forces()[[1, 2, 0]], -gradient * ANGSTROM / EV, atol=1e-9)
            np.testing.assert_allclose(atoms.get_dipole_moment(), self.surface.dipole(xyz) / ANGSTROM, atol=1e-9)
            self.assertAlmostEqual(atoms.get_charges().sum(), 0, delta=1e-9)
            # ASE's constants are of an older CODATA
            self.assertAlmostEqual(units.Hartree * EV, 1, delta=1e-6)
            self.assertAlmostEqual(units.Bohr * ANGSTROM, 1, delta=1e-6)

        def test_numerical_forces(self):
            self.atoms.rattle(0.05, seed=2)
            forces = self.atoms.get_forces()
            slopes = self.atoms.calc.calculate_numerical_forces(self.atoms, d=1e-4)
            np.testing.assert_allclose(slopes, forces, atol=1e-5)

        def test_minimum_vibrations_and_intensities(self):
            self.assertTrue(BFGS(self.atoms, logfile=None).run(fmax=1e-4, steps=60))
            xyz = self.atoms.positions[[1, 2, 0]] * ANGSTROM
            _, _, hessian = self.surface.energy_hessian(xyz)
            masses = np.repeat(self.atoms.get_masses()[[1, 2, 0]], 3) * units._amu / units._me
            values = np.linalg.eigvalsh(hessian / np.sqrt(np.outer(masses, masses)))
            wanted = np.sqrt(values[-3:]) * 219474.6313632
            for kind, name in ((Vibrations, "vib"), (Infrared, "ir")):
                vibrations = kind(self.atoms, name=name, delta=0.002)
                vibrations.run()
                np.testing.assert_allclose(vibrations.get_frequencies().real[-3:], wanted, atol=1.5)
                vibrations.clean()
            self.assertTrue((vibrations.intensities[-3:] > 0).all())

        def test_constant_energy(self):
            MaxwellBoltzmannDistribution(self.atoms, temperature_K=300, rng=np.random.default_rng(5))
            total, dynamics = [], VelocityVerlet(self.atoms, 0.2 * units.fs)
            for _ in range(100):
                dynamics.run(5)
                total.append(self.atoms.get_total_energy())
            self.assertLess(np.ptp(total), 2e-3)

        def test_cells(self):
            energy = self.atoms.get_potential_energy()
            boxed = self.atoms.copy()
            boxed.set_cell([8, 9, 10, 80, 95, 100])
            boxed.pbc = True
            boxed.positions += [0.1, -0.2, 0.05]
            boxed.wrap()
            boxed.calc = Calculator("water.pes")
            self.assertGreater(boxed.get_all_distances().max(), 5)  # it is torn
            self.assertAlmostEqual(boxed.get_potential_energy(), energy, delta=1e-8)
            boxed.set_cell([2.5, 2.5, 2.5])
            with self.assertRaisesRegex(CalculatorError, "too small"):
                boxed.get_potential_energy()

        def test_refusals(self):
            for formula, word in (("CO2", "H H O"), ("H2O2", "H H O")):
                atoms = Atoms(formula, np.eye(4)[: len(Atoms(formula)), :3], calculator=Calculator("water.pes"))
                with self.assertRaisesRegex(CalculatorError, word):
                    atoms.get_potential_energy()
            with self.assertRaisesRegex(CalculatorError, "none.pes"):
                Calculator("none.pes")
            atoms = self.atoms.copy()
            atoms.positions[1] = atoms.positions[0]
            atoms.calc = Calculator(self.surface)
            with self.assertRaisesRegex(CalculatorError, "not finite"):
                atoms.get_potential_energy()


if __name__ == "__main__":
    sys.argv[1:] = []
    unittest.main(verbosity=0)
