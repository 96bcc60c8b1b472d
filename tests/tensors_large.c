/* Tensors of larger molecules, and of clusters whose fragments are exchanged. */
#define _POSIX_C_SOURCE 200809L
#include "tensors.h"

#include "a5_tensors.h"
#include "a5b_tensors.h"
#include "ch4_tensors.h"
#include "dimer_tensors.h"
#include "h5o2_dipole.h"
#include "trimer_dipole.h"

const subject large_subjects[LARGE_SUBJECTS] = {SUBJECT_ALL(ch4_tensors),   SUBJECT_ALL(a5_tensors),
                                                SUBJECT_ALL(a5b_tensors),   SUBJECT_DIPOLE(h5o2_dipole),
                                                SUBJECT_ALL(dimer_tensors), SUBJECT_DIPOLE(trimer_dipole)};
