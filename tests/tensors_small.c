/* Tensors of small molecules. */
#define _POSIX_C_SOURCE 200809L
#include "tensors.h"

#include "abc_tensors.h"
#include "h2o_tensors.h"
#include "h3o_tensors.h"
#include "o2_tensors.h"
#include "o3_tensors.h"

const subject small_subjects[SMALL_SUBJECTS] = {SUBJECT_ALL(h2o_tensors), SUBJECT_ALL(h3o_tensors),
                                                SUBJECT_ALL(o3_tensors), SUBJECT_ALL(abc_tensors),
                                                SUBJECT_ALL(o2_tensors)};
