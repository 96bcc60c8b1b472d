/* Whether two surfaces of one potential, h2o and next, whose headers have different layouts, disagree. */
static int two_versions_disagree(const double *xyz)
{
    double g[2][18], h[2][81], e[2][2], twice[18], worst = 0;
    for (int k = 0; k < 18; k++)
        twice[k] = xyz[k % 9];
    e[0][0] = h2o_energy_hessian(xyz, g[0], h[0]);
    e[1][0] = next_energy_hessian(xyz, g[1], h[1]);
    for (int k = 0; k < 9; k++)
        worst = fmax(worst, fabs(g[0][k] - g[1][k]));
    for (int k = 0; k < 81; k++)
        worst = fmax(worst, fabs(h[0][k] - h[1][k]));
    worst = fmax(worst, fabs(e[0][0] - e[1][0]));
    h2o_energy_gradient_batch(2, twice, e[0], g[0]);
    next_energy_gradient_batch(2, twice, e[1], g[1]);
    for (int k = 0; k < 18; k++)
        worst = fmax(worst, fabs(g[0][k] - g[1][k]));
    worst = fmax(worst, fabs(h2o_energy(xyz) - next_energy(xyz)));
    worst = fmax(worst, fabs(e[0][1] - e[1][1]));
    return !(worst < 1e-11);
}
