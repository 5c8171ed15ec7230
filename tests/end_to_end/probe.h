// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_END_TO_END_PROBE_H_
#define TRIALSYNC_TESTS_END_TO_END_PROBE_H_

#include <string>

// Services of a daemon whose messages are not ours, asked with their bytes on the wire: Debian
// installs no .proto of them.
namespace trialsync::end_to_end {

// The answer of grpc.health.v1.Health/Check: 1 for SERVING, 2 for NOT_SERVING; 0 if there was none.
int HealthOf(const std::string& address);

// The answer of grpc.reflection.v1alpha.ServerReflection to the question which services there are;
// it holds their full names, with bytes between. Empty if there was none.
std::string ReflectedServices(const std::string& address);

// Status line and body of `GET path` over HTTP/1.0; empty if there was no answer.
std::string HttpGet(const std::string& address, const std::string& path);

}  // namespace trialsync::end_to_end

#endif  // TRIALSYNC_TESTS_END_TO_END_PROBE_H_
