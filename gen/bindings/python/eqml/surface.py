"""Surfaces, with arrays of numpy."""

from __future__ import annotations

import os
from typing import Any, List, Optional, Tuple, Union

import numpy as np

from .library import EqmlError, Opened

ANGSTROM = 1.0 / 0.529177210903  # bohr; CODATA 2018
EV = 1.0 / 27.211386245988  # hartree; CODATA 2018

_TENSORS = {"dipole": (0, 3), "quadrupole": (1, 6), "polarizability": (2, 6)}
_FITS = {"energy": 1, "dipole": 2, "quadrupole": 4, "polarizability": 8, "sigma": 16, "charges": 32}
_MEMORY = 2  # EQML_ERROR_MEMORY


class Surface:
    """A fitted surface: Surface("water.pes"), or Surface("libwater.so").

    Attributes, as the fit left them:
        name, composition, symbols (a list), natoms, numbers (atomic numbers), charge (total, of its dipole)
        classes         of atoms; those of one class are exchanged without a change of the energy
        fits            a set: of "energy", "dipole", "quadrupole", "polarizability", "sigma", "charges"
        ntrain          training geometries, 0 where not known
        energy_range    their lowest and highest energy, hartree, or None
        lowest_xyz      [natoms, 3] the geometry of the lowest, bohr, or None
        distance_ranges [natoms, natoms, 2] shortest and longest distance of each pair in the data, bohr, or None

    Geometries are [natoms, 3] or [n, natoms, 3], in bohr, atoms in the order of `symbols`. Where a coordinate is no
    number, or two atoms are in one place, the results of that geometry are NaN. Raises EqmlError for a file that is
    refused, ValueError for arrays of a wrong shape, and TypeError for complex numbers or text.
    """

    def __init__(self, path: Union[str, "os.PathLike[str]"]) -> None:
        self.path = os.fspath(path)
        self._opened = Opened(self.path)
        self._at = self._opened.record
        r = self._at.contents
        self._record = r
        n = self.natoms = int(r.natoms)
        self.name: str = r.name.decode()
        self.composition: str = r.composition.decode()
        self.symbols: List[str] = r.symbols.decode().split()
        self.numbers = np.array(r.numbers[:n])
        self.classes = np.array(r.classes[:n])
        self.charge = int(r.charge)
        self.fits = frozenset(name for name, bit in _FITS.items() if r.fits & bit)
        self.ntrain = int(r.ntrain)
        self.energy_range: Optional[Tuple[float, float]] = (r.lowest, r.highest) if r.ntrain else None
        self.lowest_xyz = np.array(r.lowest_xyz[: 3 * n]).reshape(n, 3) if r.lowest_xyz else None
        self.distance_ranges = np.array(r.ranges[: 2 * n * n]).reshape(n, n, 2) if r.ranges else None

    def __repr__(self) -> str:
        return f"Surface({self.path!r}): {self.composition}, {', '.join(sorted(self.fits))}"

    # ---- arrays ----

    def _take(self, xyz: Any) -> Tuple[np.ndarray, int]:
        array = np.asarray(xyz)
        if array.dtype.kind not in "fiu":
            raise TypeError(f"coordinates must be real numbers, not {array.dtype}")
        array = np.ascontiguousarray(array, dtype=np.float64)
        if array.ndim not in (2, 3) or array.shape[-2:] != (self.natoms, 3):
            raise ValueError(
                f"the surface {self.name} takes coordinates [{self.natoms}, 3] or [n, {self.natoms}, 3], not "
                f"{list(array.shape)}"
            )
        return array, 1 if array.ndim == 2 else array.shape[0]

    @staticmethod
    def _room(out: Optional[np.ndarray], shape: Tuple[int, ...]) -> np.ndarray:
        if out is None:
            return np.empty(shape)
        if not isinstance(out, np.ndarray) or out.dtype != np.float64 or out.shape != shape:
            raise ValueError(f"out must be an array of float64 of shape {list(shape)}")
        if not (out.flags.c_contiguous and out.flags.writeable):
            raise ValueError("out must be C-contiguous and writeable")
        return out

    @staticmethod
    def _leading(array: np.ndarray) -> Tuple[int, ...]:
        return array.shape[:-2]

    def _check(self, status: int, what: str) -> None:
        if status == _MEMORY:
            raise MemoryError(f"no memory for the {what} of {self.name}")
        if status:
            raise EqmlError(f"the surface {self.name} has no {what}")

    # ---- energies ----

    def energy(self, xyz: Any, out: Optional[np.ndarray] = None) -> Any:
        """Energy, hartree: a float for [natoms, 3], an array [n] for [n, natoms, 3]."""
        xyz, n = self._take(xyz)
        energy = self._room(out, self._leading(xyz))
        self._check(self._record.energies(self._at, n, xyz.ctypes.data, energy.ctypes.data, None), "energies")
        return float(energy) if xyz.ndim == 2 else energy

    def energy_gradient(self, xyz: Any, out: Optional[np.ndarray] = None) -> Tuple[Any, np.ndarray]:
        """Energy, hartree, and gradient, hartree/bohr, of the shape of xyz; `out` receives the gradient."""
        xyz, n = self._take(xyz)
        energy, gradient = np.empty(self._leading(xyz)), self._room(out, xyz.shape)
        self._check(
            self._record.energies(self._at, n, xyz.ctypes.data, energy.ctypes.data, gradient.ctypes.data), "energies"
        )
        return (float(energy) if xyz.ndim == 2 else energy), gradient

    def energy_hessian(self, xyz: Any) -> Tuple[float, np.ndarray, np.ndarray]:
        """Energy (hartree), gradient [natoms, 3] and Hessian [3 natoms, 3 natoms] (hartree/bohr^2) of one geometry."""
        xyz, _ = self._take(xyz)
        if xyz.ndim != 2:
            raise ValueError("energy_hessian takes one geometry at a time")
        size = 3 * self.natoms
        energy, gradient, hessian = np.empty(()), np.empty(xyz.shape), np.empty((size, size))
        status = self._record.hessian(
            self._at, xyz.ctypes.data, energy.ctypes.data, gradient.ctypes.data, hessian.ctypes.data
        )
        self._check(status, "Hessian")
        return float(energy), gradient, hessian

    def sigma(self, xyz: Any) -> Any:
        """Standard deviation of the energy, hartree; of a libNAME.so, where it was calibrated."""
        xyz, n = self._take(xyz)
        sigma = np.empty(self._leading(xyz))
        if "sigma" not in self.fits:
            raise EqmlError(f"the surface {self.name} has no standard deviations; its libNAME.so may")
        self._check(self._record.sigmas(self._at, n, xyz.ctypes.data, sigma.ctypes.data), "standard deviations")
        return float(sigma) if xyz.ndim == 2 else sigma

    def inside(self, xyz: Any) -> Any:
        """Whether each distance is as in the training data: True, False, or None where that is not known."""
        xyz, _ = self._take(xyz)
        words = {1: True, 0: False, -1: None}
        if xyz.ndim == 2:
            return words[self._record.inside(self._at, xyz.ctypes.data)]
        return [words[self._record.inside(self._at, x.ctypes.data)] for x in xyz]

    # ---- tensors ----

    def _tensor(self, kind: str, xyz: Any, jacobian: bool) -> Any:
        xyz, n = self._take(xyz)
        number, components = _TENSORS[kind]
        value = np.empty(self._leading(xyz) + (components,))
        slopes = np.empty(self._leading(xyz) + (components, self.natoms, 3)) if jacobian else None
        status = self._record.tensors(
            self._at, number, n, xyz.ctypes.data, value.ctypes.data, slopes.ctypes.data if jacobian else None
        )
        self._check(status, kind)
        return (value, slopes) if jacobian else value

    def dipole(self, xyz: Any, jacobian: bool = False) -> Any:
        """Dipole about the origin, e bohr, [..., 3]; with jacobian=True also [..., 3, natoms, 3] in e."""
        return self._tensor("dipole", xyz, jacobian)

    def quadrupole(self, xyz: Any, jacobian: bool = False) -> Any:
        """Traceless quadrupole xx xy xz yy yz zz, e bohr^2, about the centre of the smallest class of atoms."""
        return self._tensor("quadrupole", xyz, jacobian)

    def polarizability(self, xyz: Any, jacobian: bool = False) -> Any:
        """Polarizability xx xy xz yy yz zz, bohr^3."""
        return self._tensor("polarizability", xyz, jacobian)

    def charges(self, xyz: Any) -> np.ndarray:
        """Effective charges, e, [..., natoms]: those whose dipole is the fitted one. Of a NAME.pes with a dipole."""
        xyz, n = self._take(xyz)
        charges = np.empty(self._leading(xyz) + (self.natoms,))
        if "charges" not in self.fits:
            raise EqmlError(f"the surface {self.name} has no charges; where it has a dipole, its .pes has")
        self._check(self._record.charges(self._at, n, xyz.ctypes.data, charges.ctypes.data), "charges")
        return charges

    # ---- atoms of other programs ----

    def match(self, numbers: Any) -> np.ndarray:
        """The order in which atoms with these atomic numbers are those of the surface: atom k of it is order[k].

        Atoms in the surface's order are taken as they are. In another order they are matched by element, the first
        with the first, where all atoms of an element are alike in the surface; else EqmlError says what to do.
        """
        numbers = np.asarray(numbers)
        if numbers.shape != (self.natoms,) or sorted(numbers) != sorted(self.numbers):
            raise EqmlError(
                f"the surface {self.name} is of the atoms {' '.join(self.symbols)}, not of those with the atomic "
                f"numbers {' '.join(str(z) for z in numbers.ravel())}"
            )
        if (numbers == self.numbers).all():
            return np.arange(self.natoms)
        for z in set(numbers.tolist()):
            if len(set(self.classes[self.numbers == z].tolist())) > 1:
                raise EqmlError(
                    f'atoms of one element are not alike in "{self.composition}", so that their order decides: give '
                    f"them in the order {' '.join(self.symbols)}"
                )
        order = np.empty(self.natoms, dtype=int)
        order[np.argsort(self.numbers, kind="stable")] = np.argsort(numbers, kind="stable")
        return order
