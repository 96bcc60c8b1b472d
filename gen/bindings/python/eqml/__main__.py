"""The command line: `python -m eqml fit data.xyz "H3 N"`, which calls eqml-fit, and `python -m eqml show water.pes`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import List, Optional

from .library import EqmlError, in_sources
from .surface import Surface

USAGE = """usage: python -m eqml fit DATA.xyz "COMPOSITION" [options of eqml-fit]
       python -m eqml show NAME.pes | libNAME.so

fit   reads energies (and gradients or forces, dipoles) of a molecule and writes NAME.pes; it needs no compiler.
      --help lists the options.
show  what a surface is.
"""


def find_fit() -> str:
    """The program eqml-fit: what EQML_FIT names, in build/ of the source folder, or on the PATH."""
    found = os.environ.get("EQML_FIT") or in_sources("eqml-fit") or shutil.which("eqml-fit")
    if not found:
        raise EqmlError(
            "eqml-fit is not there: run `make install` in the source folder of eqml, or `make build/eqml-fit`, or name it "
            "in the environment variable EQML_FIT"
        )
    return found


def show(path: str) -> None:
    surface = Surface(path)
    print(f"{surface.name}: {surface.composition}, atoms {' '.join(surface.symbols)}")
    print(f"fitted: {', '.join(sorted(surface.fits))}")
    if surface.energy_range:
        low, high = surface.energy_range
        print(f"{surface.ntrain} training geometries, {low:.6f} to {high:.6f} hartree; the lowest, bohr:")
        for symbol, place in zip(surface.symbols, surface.lowest_xyz):
            print(f"  {symbol:2} {place[0]:12.6f} {place[1]:12.6f} {place[2]:12.6f}")


def main(arguments: Optional[List[str]] = None) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    try:
        if len(words) >= 2 and words[0] == "fit":
            return subprocess.call([find_fit()] + words[1:])
        if len(words) == 2 and words[0] == "show":
            show(words[1])
            return 0
    except (EqmlError, OSError) as error:
        print(f"eqml: {error}", file=sys.stderr)
        return 1
    helped = words[:1] in (["--help"], ["-h"])
    print(USAGE, end="", file=sys.stdout if helped else sys.stderr)
    return 0 if helped else 2


if __name__ == "__main__":
    sys.exit(main())
