// All kernels in one module.
#include "embed.h"
#include "norm.h"
#include "gemv.h"
#include "gemm.h"
#include "rope.h"
#include "attention.h"
#include "prefill_attention.h"
#include "experts.h"
