"""A calculator for ASE, in eV and angstrom.

    from ase.build import molecule
    from eqml.ase import Calculator
    atoms = molecule("H2O")
    atoms.calc = Calculator("water.pes")
    atoms.get_forces()
"""

from __future__ import annotations

import os
from typing import Any, List, Optional, Tuple, Union

import numpy as np
from ase.calculators.calculator import Calculator as _Base
from ase.calculators.calculator import CalculatorError, all_changes

from .surface import ANGSTROM, EV, EqmlError, Surface


class Calculator(_Base):
    """A surface as a calculator of ASE: energy, free_energy, forces; dipole and charges where the surface has them.

    energy: eV, absolute, as in the data; forces: eV/angstrom; dipole: e angstrom, about the origin; charges: e, the
    effective charges whose dipole it is (of a NAME.pes).

    Atoms are matched by element where all atoms of an element are alike in the surface, and must else be in its
    order. Periodic images: along periodic directions each atom is taken in the image nearest to the first atom, so
    that a molecule that was wrapped across a border of its cell comes out whole; a cell so small that this is not
    unique (half of its least height must be longer than the longest distance) is refused.

    with_charges=False leaves the charges out. What is refused raises CalculatorError.
    """

    implemented_properties: List[str] = ["energy", "free_energy", "forces"]
    default_parameters: dict = {}
    nolabel = True

    def __init__(self, surface: Union[Surface, str, "os.PathLike[str]"], **keywords: Any) -> None:
        with_charges = keywords.pop("with_charges", True)
        super().__init__(**keywords)
        try:
            self.surface = surface if isinstance(surface, Surface) else Surface(surface)
        except EqmlError as error:
            raise CalculatorError(str(error)) from None
        self._matched: Tuple[bytes, np.ndarray] = (b"", np.empty(0, dtype=int))
        self.implemented_properties = ["energy", "free_energy", "forces"]
        if "dipole" in self.surface.fits:
            self.implemented_properties.append("dipole")
        if "charges" in self.surface.fits and with_charges:
            self.implemented_properties.append("charges")

    def _whole(self, atoms: Any) -> np.ndarray:
        """Positions, angstrom, of one molecule that is not torn by the borders of its cell."""
        positions = atoms.get_positions()
        if not atoms.pbc.any():
            return positions
        cell = atoms.cell.complete()
        heights = [h for h, periodic in zip(1 / np.linalg.norm(np.linalg.inv(cell), axis=0), atoms.pbc) if periodic]
        steps = np.linalg.solve(cell.T, (positions - positions[0]).T).T
        steps -= np.where(atoms.pbc, np.round(steps), 0)
        whole = positions[0] + steps @ np.asarray(cell)
        longest = np.linalg.norm(whole[:, None] - whole[None], axis=-1).max()
        if 2 * longest >= min(heights):
            raise CalculatorError(
                f"the cell is too small for the molecule: a periodic direction of {min(heights):.3g} angstrom, and "
                f"distances up to {longest:.3g}, which must be less than half of that"
            )
        return whole

    def _order(self) -> np.ndarray:
        """Atom k of the surface is order[k]; found anew where the elements have changed."""
        elements = self.atoms.numbers.tobytes()
        if self._matched[0] != elements:
            try:
                self._matched = (elements, self.surface.match(self.atoms.numbers))
            except EqmlError as error:
                raise CalculatorError(str(error)) from None
        return self._matched[1]

    def calculate(
        self, atoms: Optional[Any] = None, properties: Optional[List[str]] = None, system_changes: Any = all_changes
    ) -> None:
        super().calculate(atoms, properties, system_changes)
        surface, names = self.surface, properties or ["energy"]
        order = self._order()
        xyz = self._whole(self.atoms)[order] * ANGSTROM
        energy, gradient = surface.energy_gradient(xyz)
        if not np.isfinite(energy):
            raise CalculatorError(
                f"the energy of {surface.name} is not finite: a coordinate is no number, or two atoms are in one place"
            )
        forces = np.empty_like(gradient)
        forces[order] = -gradient * (ANGSTROM / EV)
        self.results = {"energy": energy / EV, "free_energy": energy / EV, "forces": forces}
        if "dipole" in self.implemented_properties and "dipole" in names:
            self.results["dipole"] = surface.dipole(xyz) / ANGSTROM
        if "charges" in self.implemented_properties and "charges" in names:
            charges = np.empty(len(order))
            charges[order] = surface.charges(xyz)
            self.results["charges"] = charges
