/* The units of one program, compiled as C or as C++ alike. */
#ifdef __cplusplus
extern "C" {
#endif
double second_energy(const double *xyz);  /* by a surface's header alone */
double private_energy(const double *xyz); /* by a private copy of everything */
/* whether the functions of a library are not those of a surface with this energy */
int client_disagrees(const double *xyz, double energy);
/* whether surfaces of two layout numbers in one unit do, in either order */
int versions_disagree(const double *xyz), versions_turned_disagree(const double *xyz);
int large_disagrees(void); /* whether code with matrices and the table do */
#ifdef __cplusplus
}
#endif
