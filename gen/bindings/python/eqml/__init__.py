"""Fitted potential energy and dipole surfaces.

    from eqml import Surface
    water = Surface("water.pes")                       # or Surface("libwater.so"), which is faster
    energy, gradient = water.energy_gradient(xyz)      # hartree, hartree/bohr; xyz in bohr

Arrays are numpy's, of shape [natoms, 3], or [n, natoms, 3] for batches; C-contiguous arrays of float64 are used as
they are, without copies. Units are atomic: bohr, hartree, e bohr. eqml.ase has a calculator for ASE, in eV and
angstrom. A surface may be used by any number of threads; calls release the interpreter's lock.

NAME.pes files are opened by libeqml, which is looked for in the place that the environment variable EQML_LIBRARY
names, in build/ of the source folder, and where the system has its libraries.
"""

from .surface import ANGSTROM, EV, EqmlError, Surface

__all__ = ["ANGSTROM", "EV", "EqmlError", "Surface"]
__version__ = "1.0"
