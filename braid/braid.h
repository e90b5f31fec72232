// The whole library, in the order of the dataflow. docs/architecture.md is a guide to these
// headers.
#pragma once

#include "braid/version.h"

// Precision and threads, errors, progress.
#include "braid/compute.h"
#include "braid/error.h"
#include "braid/pipeline/listener.h"

// load, describe, canonicalise
#include "braid/models/canonical.h"
#include "braid/models/model.h"

// observe, align
#include "braid/alignment/alignment.h"
#include "braid/alignment/observe.h"
#include "braid/pipeline/align.h"

// transform, prove
#include "braid/connectivity/proved_models.h"
#include "braid/pipeline/transform.h"

// interpolate, evaluate, trace
#include "braid/connectivity/interpolate.h"
#include "braid/pipeline/curve.h"

// merge
#include "braid/pipeline/merge.h"
