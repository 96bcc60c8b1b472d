/*
 * The functions of a surface in its library, in the one place that lists them: group, type, name behind "NAME_",
 * parameters, arguments. X has a value, V none. Groups are ALWAYS, FLOAT (with FLOAT=1), SIGMA (standard deviations), and
 * the tensors.
 */
X(ALWAYS, int, natoms, (void), ())
X(ALWAYS, const char *, symbols, (void), ())
X(ALWAYS, double, energy, (const double *xyz), (xyz))
X(ALWAYS, double, energy_gradient, (const double *xyz, double *gradient), (xyz, gradient))
X(ALWAYS, double, energy_hessian, (const double *xyz, double *gradient, double *hessian),
  (xyz, gradient, hessian))
V(ALWAYS, void, energy_batch, (size_t n, const double *xyz, double *energy), (n, xyz, energy))
V(ALWAYS, void, energy_gradient_batch, (size_t n, const double *xyz, double *energy, double *gradient),
  (n, xyz, energy, gradient))
X(ALWAYS, int, inside, (const double *xyz), (xyz))
V(FLOAT, void, energy_batch_float, (size_t n, const double *xyz, double *energy), (n, xyz, energy))
V(FLOAT, void, energy_gradient_batch_float, (size_t n, const double *xyz, double *energy, double *gradient),
  (n, xyz, energy, gradient))
X(SIGMA, double, energy_sigma, (const double *xyz), (xyz))
V(SIGMA, void, energy_sigma_batch, (size_t n, const double *xyz, double *sigma), (n, xyz, sigma))
X(DIPOLE, double, energy_gradient_dipole, (const double *xyz, double *gradient, double *dipole),
  (xyz, gradient, dipole))
V(DIPOLE, void, dipole, (const double *xyz, double *dipole), (xyz, dipole))
V(DIPOLE, void, dipole_jacobian, (const double *xyz, double *dipole, double *jacobian),
  (xyz, dipole, jacobian))
V(DIPOLE, void, dipole_batch, (size_t n, const double *xyz, double *dipole), (n, xyz, dipole))
V(DIPOLE, void, dipole_jacobian_batch, (size_t n, const double *xyz, double *dipole, double *jacobian),
  (n, xyz, dipole, jacobian))
V(QUADRUPOLE, void, quadrupole, (const double *xyz, double *quadrupole), (xyz, quadrupole))
V(QUADRUPOLE, void, quadrupole_jacobian, (const double *xyz, double *quadrupole, double *jacobian),
  (xyz, quadrupole, jacobian))
V(QUADRUPOLE, void, quadrupole_batch, (size_t n, const double *xyz, double *quadrupole), (n, xyz, quadrupole))
V(QUADRUPOLE, void, quadrupole_jacobian_batch,
  (size_t n, const double *xyz, double *quadrupole, double *jacobian), (n, xyz, quadrupole, jacobian))
V(POLARIZABILITY, void, polarizability, (const double *xyz, double *polarizability), (xyz, polarizability))
V(POLARIZABILITY, void, polarizability_jacobian,
  (const double *xyz, double *polarizability, double *jacobian), (xyz, polarizability, jacobian))
V(POLARIZABILITY, void, polarizability_batch, (size_t n, const double *xyz, double *polarizability),
  (n, xyz, polarizability))
V(POLARIZABILITY, void, polarizability_jacobian_batch,
  (size_t n, const double *xyz, double *polarizability, double *jacobian), (n, xyz, polarizability, jacobian))
