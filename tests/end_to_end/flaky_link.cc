// SPDX-License-Identifier: Apache-2.0
// A link that breaks once, for the quickstart:
//
//   flaky_link ADDRESS_FILE TARGET CUT_AFTER_BYTES DOWN_SECONDS
//
// Writes the address on which it listens to ADDRESS_FILE, leads connections to TARGET, cuts them
// when CUT_AFTER_BYTES have gone up, stays down, and is whole from then on. Says so on stdout.
#include <cstdio>
#include <fstream>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/end_to_end/tcp_proxy.h"

int main(int argc, char** argv) {
  using trialsync::end_to_end::TcpProxy;
  uint64_t cut_after_bytes = 0;
  double down_seconds = 0;
  if (argc != 5 || !absl::SimpleAtoi(argv[3], &cut_after_bytes) ||
      !absl::SimpleAtod(argv[4], &down_seconds)) {
    std::fprintf(stderr, "usage: flaky_link ADDRESS_FILE TARGET CUT_AFTER_BYTES DOWN_SECONDS\n");
    return 2;
  }
  TcpProxy link;
  link.SetTarget(argv[2]);
  link.CutAfter(TcpProxy::Direction::kUp, cut_after_bytes);
  std::ofstream(argv[1]) << link.address() << std::endl;

  while (link.traffic().bytes_up < cut_after_bytes) absl::SleepFor(absl::Milliseconds(2));
  link.SetRefuse(true);
  std::printf("cut after %llu bytes, down for %g s\n",
              static_cast<unsigned long long>(link.traffic().bytes_up), down_seconds);
  std::fflush(stdout);
  absl::SleepFor(absl::Seconds(down_seconds));
  link.SetRefuse(false);
  while (true) absl::SleepFor(absl::Hours(1));
}
