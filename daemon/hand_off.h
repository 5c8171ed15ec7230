// SPDX-License-Identifier: Apache-2.0
#ifndef TRIALSYNC_DAEMON_HAND_OFF_H_
#define TRIALSYNC_DAEMON_HAND_OFF_H_

// Tells the thread sanitizer of the hand-off from one reaction of a reactor to the next, which gRPC
// makes with atomics of its own that are not instrumented. Without it every reactor is reported; a
// suppression would hide true races in reactions. Nothing in other builds.
#if defined(__SANITIZE_THREAD__)
#define TRIALSYNC_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TRIALSYNC_TSAN 1
#endif
#endif

#ifdef TRIALSYNC_TSAN
extern "C" void __tsan_acquire(void*);
extern "C" void __tsan_release(void*);
#endif

namespace trialsync::daemon {

// First thing in every reaction.
inline void TakeOver([[maybe_unused]] void* reactor) {
#ifdef TRIALSYNC_TSAN
  __tsan_acquire(reactor);
#endif
}

// Before every StartRead, StartWrite, StartWritesDone, StartCall and Finish.
inline void HandOff([[maybe_unused]] void* reactor) {
#ifdef TRIALSYNC_TSAN
  __tsan_release(reactor);
#endif
}

}  // namespace trialsync::daemon

#endif  // TRIALSYNC_DAEMON_HAND_OFF_H_
