// SPDX-License-Identifier: Apache-2.0
// A wall clock that is off by what a file says, to be preloaded: libfaketime does not come up in a
// program with jemalloc, which reads the clock while it is set up (wolfcw/libfaketime, issues 130
// and 478). The file, of 8 bytes, is named by TRIALSYNC_CLOCK_OFFSET and holds nanoseconds; whoever
// writes to it sets the clock of the running program. Allocates nothing.
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>

namespace {

constexpr int64_t kSecond = 1'000'000'000;

using Offset = std::atomic<int64_t>;
static_assert(Offset::is_always_lock_free && sizeof(Offset) == sizeof(int64_t));

const Offset* MapOffset() {
  static const Offset kNone = 0;
  const char* path = std::getenv("TRIALSYNC_CLOCK_OFFSET");
  const int file = path == nullptr ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return &kNone;
  void* const mapped = mmap(nullptr, sizeof(Offset), PROT_READ, MAP_SHARED, file, 0);
  close(file);
  return mapped == MAP_FAILED ? &kNone : static_cast<const Offset*>(mapped);
}

int64_t OffsetNow() {
  static std::atomic<const Offset*> offset = nullptr;
  if (offset == nullptr) offset = MapOffset();
  return offset.load()->load();
}

timespec Shifted(timespec time, int64_t nanoseconds) {
  const int64_t sum = time.tv_nsec + nanoseconds % kSecond + kSecond;
  return {.tv_sec = time.tv_sec + nanoseconds / kSecond + sum / kSecond - 1,
          .tv_nsec = sum % kSecond};
}

template <typename Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) {
  static const auto real = Real<int(clockid_t, timespec*)>("clock_gettime");
  const int result = real(clock, time);
  const bool wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
  if (result == 0 && wall) *time = Shifted(*time, OffsetNow());
  return result;
}

int gettimeofday(timeval* time, void*) {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  *time = {.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
  return 0;
}

time_t time(time_t* time) {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (time != nullptr) *time = now.tv_sec;
  return now.tv_sec;
}

int pthread_cond_timedwait(pthread_cond_t* variable, pthread_mutex_t* mutex, const timespec* end) {
  static const auto real = Real<int(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*)>(
      "pthread_cond_clockwait");
  const timespec shifted = Shifted(*end, -OffsetNow());
  return real(variable, mutex, CLOCK_REALTIME, &shifted);
}

long syscall(long number, ...) {
  static const auto real = Real<long(long, ...)>("syscall");
  long arguments[6];
  va_list list;
  va_start(list, number);
  for (long& argument : arguments) argument = va_arg(list, long);
  va_end(list);
  timespec shifted;
  const auto* end = reinterpret_cast<const timespec*>(arguments[3]);
  if (number == SYS_futex && (arguments[1] & FUTEX_CLOCK_REALTIME) != 0 && end != nullptr) {
    shifted = Shifted(*end, -OffsetNow());
    arguments[3] = reinterpret_cast<long>(&shifted);
  }
  return real(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
              arguments[5]);
}

}  // extern "C"
