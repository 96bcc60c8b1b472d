/* For functions.h: WHEN_GROUP(text) is the text where the surface, described by NAME_record.h, has that group. */
#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define OF(function) JOIN(SURFACE, function)

#define WHEN_ALWAYS(...) __VA_ARGS__
#ifdef SURFACE_FLOAT
#define WHEN_FLOAT(...) __VA_ARGS__
#else
#define WHEN_FLOAT(...)
#endif
#ifdef SURFACE_SIGMA
#define WHEN_SIGMA(...) __VA_ARGS__
#else
#define WHEN_SIGMA(...)
#endif
#ifdef SURFACE_DIPOLE
#define WHEN_DIPOLE(...) __VA_ARGS__
#else
#define WHEN_DIPOLE(...)
#endif
#ifdef SURFACE_QUADRUPOLE
#define WHEN_QUADRUPOLE(...) __VA_ARGS__
#else
#define WHEN_QUADRUPOLE(...)
#endif
#ifdef SURFACE_POLARIZABILITY
#define WHEN_POLARIZABILITY(...) __VA_ARGS__
#else
#define WHEN_POLARIZABILITY(...)
#endif
