/* Rates from cumulative probabilities. */
#include "scatter/thermal.h"
#include "scatter/delves.h"
#include "scatter/run.h"
#include <stdlib.h>

#define PI 3.14159265358979323846

int thermal_rate(const collinear *c, double temperature, double *rate)
{
    enum { PARTS = 160 };
    const double rho = 12, mass = collinear_approach(c, 0);
    const double bottom = scatter_bottom(c, rho / sqrt(mass / collinear_mass(c)));
    const delves_options options = {.from = 1.5,
                                    .to = rho,
                                    .sector = 0.03,
                                    .points = 170,
                                    .channels = 20,
                                    .longest = 8,
                                    .highest = bottom + 0.2};
    double *probability = calloc(DELVES_CHANNELS * DELVES_CHANNELS, sizeof *probability), states = 0, sum = 0;
    delves d = {0};
    int bad = !probability || delves_make(&d, c, &options);
    const double ground = bad ? 0 : d.state[0].energy + 1e-6;
    const double width = fmin(20 * temperature + 0.01, 0.06) / PARTS;
    for (int k = 0; k < options.channels && !bad; k++)
        states += d.state[k].arrangement ? 0 : exp(-(d.state[k].energy - ground) / temperature);
    for (int k = 0; k <= PARTS && !bad; k++) {
        const double weight = k == 0 || k == PARTS ? 1 : k % 2 ? 4 : 2;
        double all = 0;
        bad = delves_probabilities(&d, ground + k * width, probability);
        for (int i = 0; i < options.channels; i++)
            for (int j = 0; j < options.channels; j++)
                if (!d.state[i].arrangement && d.state[j].arrangement)
                    all += probability[i * options.channels + j];
        sum += weight * width / 3 * all * exp(-k * width / temperature);
    }
    *rate = sum / (2 * PI) / (sqrt(mass * temperature / (2 * PI)) * states);
    delves_free(&d);
    free(probability);
    return bad;
}
