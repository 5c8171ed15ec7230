// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_PROTO_CHECK_H_
#define TRIALSYNC_PROTO_CHECK_H_

#include <cstdio>
#include <cstdlib>

// Aborts with file, line and condition when `condition` is false, in every build. For our own
// bugs only, never for what a disk, a peer or a user may do: a crash can be recovered from, a
// wrong value in the record cannot.
#define TS_CHECK(condition)                                                            \
  do {                                                                                 \
    if (!(condition)) {                                                                \
      std::fprintf(stderr, "%s:%d: check failed: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                    \
    }                                                                                  \
  } while (false)

#endif  // TRIALSYNC_PROTO_CHECK_H_
