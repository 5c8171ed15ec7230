// SPDX-License-Identifier: Apache-2.0
#include "daemon/entropy.h"

#include <openssl/rand.h>

#include "proto/check.h"

namespace trialsync::daemon {

std::string SystemEntropy::Bytes(size_t size_bytes) {
  std::string bytes(size_bytes, '\0');
  // Without random bytes identities would collide: there is nothing to go on with.
  TS_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()),
                      static_cast<int>(bytes.size())) == 1);
  return bytes;
}

}  // namespace trialsync::daemon
