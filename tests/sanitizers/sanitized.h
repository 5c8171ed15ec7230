// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_TESTS_SANITIZERS_SANITIZED_H_
#define TRIALSYNC_TESTS_SANITIZERS_SANITIZED_H_

namespace trialsync {

// Whether a sanitizer watches this build, which makes it several times slower: tests that try one
// thing many times try it less often.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)  // GCC
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)  // clang
inline constexpr bool kSanitized =
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace trialsync

#endif  // TRIALSYNC_TESTS_SANITIZERS_SANITIZED_H_
