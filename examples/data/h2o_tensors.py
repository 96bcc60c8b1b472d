"""Quadrupole moments and polarizabilities of water: makes h2o_tensors.xyz from geometries of h2o_ps.xyz.

    eval "$(psi4 --psiapi-path)"            # lets python3 find Psi4 (made with version 1.3.2)
    python3 h2o_tensors.py h2o_ps.xyz h2o_tensors.xyz
    python3 h2o_tensors.py h2o_ps.xyz       # checks only: finite fields, Psi4's own moments, a turned geometry

Every fourth geometry below 15,000 cm^-1, density-fitted RHF/aug-cc-pVTZ, in the frame of the given coordinates.

  dipole          mu_a = sum q r_a                                           e angstrom
  quadrupole      Theta_ab = 1/2 sum q (3 d_a d_b - |d|^2 delta_ab),         e angstrom^2
                  d = r - r_O: traceless (Buckingham), about the nucleus of oxygen
  polarizability  alpha_ab = d mu_a / d F_b, static, from the coupled-perturbed Hartree-Fock equations, bohr^3
                  (1 bohr^3 = 1 e^2 bohr^2 / hartree; times 0.148184711 it is angstrom^3)

Sums run over electrons and nuclei. Tensors are written as xx xy xz yy yz zz.
"""
import re
import sys

import numpy as np
import psi4

BOHR, HARTREE = 0.52917721067, 27.21138602      # angstrom, eV: CODATA 2014, as in Psi4 1.3.2
STRIDE, LIMIT = 4, 15000 / 8065.544             # eV above the minimum of h2o_ps.xyz, which is at 0
UPPER = np.triu_indices(3)                      # xx xy xz yy yz zz


def geometries(path):
    """The chosen geometries, each a list of the three lines 'H x y z', 'H x y z', 'O x y z', digits untouched."""
    lines = open(path).read().splitlines()
    frames = [lines[i:i + 5] for i in range(0, len(lines), 5)]
    low = [f for f in frames if float(re.search(r"energy=(\S+)", f[1]).group(1)) < LIMIT]
    return [[" ".join(atom.split()[:4]) for atom in f[2:]] for f in low[::STRIDE]]


def scf(atoms, field=(0, 0, 0)):
    """Energy, wave function; a field F adds -mu.F to the Hamiltonian (Psi4's perturbation is +mu.lambda)."""
    psi4.core.clean()
    psi4.geometry("\n".join(atoms + ["symmetry c1", "no_com", "no_reorient", "units angstrom"]))
    psi4.set_options({"basis": "aug-cc-pvtz", "scf_type": "df", "save_jk": True, "e_convergence": 1e-11,
                      "d_convergence": 1e-10, "perturb_h": any(field), "perturb_with": "dipole",
                      "perturb_dipole": [-float(f) for f in field]})
    return psi4.energy("scf", return_wfn=True)


def moments(wfn):
    """Dipole (e bohr) and raw second moments sum q r_a r_b (e bohr^2), both about the origin."""
    ints, density, mol = psi4.core.MintsHelper(wfn.basisset()), 2 * wfn.Da().np, wfn.molecule()
    z = np.array([mol.Z(a) for a in range(3)])
    r = mol.geometry().np
    mu = z @ r + [np.vdot(density, m.np) for m in ints.ao_dipole()]
    second = np.zeros((3, 3))
    second[UPPER] = [np.vdot(density, m.np) for m in ints.ao_quadrupole()]
    second += np.triu(second, 1).T
    return mu, second + np.einsum("n,na,nb", z, r, r)


def quadrupole(mu, second, origin):
    """Traceless quadrupole about the origin given, of a neutral molecule."""
    second = second - np.outer(origin, mu) - np.outer(mu, origin)
    return 1.5 * second - 0.5 * np.trace(second) * np.eye(3)


def polarizability(wfn):
    occ, vir = wfn.Ca_subset("AO", "OCC"), wfn.Ca_subset("AO", "VIR")
    rhs = [psi4.core.triplet(occ, m, vir, True, False, False)
           for m in psi4.core.MintsHelper(wfn.basisset()).ao_dipole()]
    x = wfn.cphf_solve(rhs, 1e-10, 60, 0)
    alpha = -4 * np.array([[np.vdot(a.np, b.np) for b in x] for a in rhs])
    return (alpha + alpha.T) / 2


def tensors(atoms):
    """Energy (eV), dipole (e angstrom), quadrupole (e angstrom^2), polarizability (bohr^3)."""
    energy, wfn = scf(atoms)
    mu, second = moments(wfn)
    theta = quadrupole(mu, second, wfn.molecule().geometry().np[2])
    return energy * HARTREE, mu * BOHR, theta * BOHR**2, polarizability(wfn)


def make(source, target):
    with open(target, "w") as out:
        for atoms in geometries(source):
            energy, mu, theta, alpha = tensors(atoms)
            row = lambda v: " ".join("%#.10g" % x for x in v)
            out.write('3\nProperties=species:S:1:pos:R:3 energy=%.10f dipole="%s" quadrupole="%s" polarizability="%s" '
                      'pbc="F F F"\n%s\n' % (energy, row(mu), row(theta[UPPER]), row(alpha[UPPER]), "\n".join(atoms)))
            out.flush()


def check(source):
    some = geometries(source)[::150][:2]
    for atoms in some:
        _, wfn = scf(atoms)
        mu, second = moments(wfn)
        alpha = polarizability(wfn)
        psi4.oeprop(wfn, "DIPOLE", "QUADRUPOLE")        # debye, debye angstrom: raw second moments, about the origin
        var = {k.strip(): v for k, v in psi4.core.variables().items()}
        debye = psi4.constants.dipmom_au2debye
        print("dipole, second moments - Psi4's own (a.u.): %.1e %.1e" % (
            max(abs(mu[a] - var["SCF DIPOLE " + "XYZ"[a]] / debye) for a in range(3)),
            max(abs(second[a, b] - var["QUADRUPOLE " + "XYZ"[a] + "XYZ"[b]] / debye / BOHR)
                for a, b in zip(*UPPER))))
        finite = np.zeros((3, 3))
        for b in range(3):                              # central differences, fields 0.001 and 0.002, extrapolated
            slope = []
            for f in (0.001, 0.002):
                plus, minus = (moments(scf(atoms, s * f * np.eye(3)[b])[1])[0] for s in (1, -1))
                slope.append((plus - minus) / (2 * f))
            finite[:, b] = (4 * slope[0] - slope[1]) / 3
        print("polarizability - finite field (a.u.): %.1e of mean %.4f" % (
            abs(alpha - finite).max(), np.trace(alpha) / 3))
    rot = np.linalg.qr(np.random.RandomState(1).normal(size=(3, 3)))[0]
    turned = ["%s %.12f %.12f %.12f" % ((a[0],) + tuple(rot @ [float(x) + 0.3 for x in a.split()[1:]])) for a in some[0]]
    _, mu, theta, alpha = tensors(some[0])
    energy, mu2, theta2, alpha2 = tensors(turned)       # shifted by (0.3, 0.3, 0.3) angstrom too
    print("turned and shifted - covariant: dipole %.1e, quadrupole %.1e, polarizability %.1e" % (
        abs(mu2 - rot @ mu).max(), abs(theta2 - rot @ theta @ rot.T).max(), abs(alpha2 - rot @ alpha @ rot.T).max()))
    _, wfn = scf(["H 0 0.756950 0.585882", "H 0 -0.756950 0.585882", "O 0 0 0"])
    mu, second = moments(wfn)
    alpha = polarizability(wfn)
    r = wfn.molecule().geometry().np
    centre = (1.00782503 * (r[0] + r[1]) + 15.99491462 * r[2]) / (2 * 1.00782503 + 15.99491462)
    print("near equilibrium: dipole %.4f a.u., quadrupole about the centre of mass" % mu[2],
          np.diag(quadrupole(mu, second, centre)).round(4), "polarizability", np.diag(alpha).round(4),
          "mean %.4f" % (np.trace(alpha) / 3))


psi4.core.be_quiet()
psi4.set_num_threads(1)
psi4.set_memory("1 GB")
make(*sys.argv[1:3]) if len(sys.argv) > 2 else check(sys.argv[1])
