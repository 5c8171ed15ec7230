// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/chaos/faults.h"

namespace trialsync::chaos {
namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kRecoveryTime = absl::Minutes(5);
constexpr uint64_t kRoomBytes = uint64_t{256} << 20;
constexpr char kTracer[] = "/usr/bin/strace";

bool HasFault(const Daemon& daemon) {
  const auto status = daemon.Connect()->Call(v1::GetStatusRequest());
  return status.ok() && !status->fault().empty();
}

// A daemon that met a fault takes no work until its disk does again; after a coin it is killed
// before that.
void GetOverFault(Scene& scene, Daemon& daemon) {
  if (!HasFault(daemon)) return;
  ++scene.counts().disk_failures_met;
  if (scene.Coin()) return scene.Restart(daemon);
  if (end_to_end::WaitUntil([&] { return !HasFault(daemon); }, kRecoveryTime)) return;
  scene.Complain(
      absl::StrCat(daemon.data_directory(), " did not recover by itself from a disk that works"));
  scene.Restart(daemon);
}

void CopyContent(const fs::path& from, const fs::path& to) {
  fs::create_directories(to);
  fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::overwrite_existing);
}

// Fills what is left of a disk, but for some bytes.
void Fill(const fs::path& file, uint64_t bytes_left) {
  const std::string block(4096, 'x');
  const int ballast = open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  while (write(ballast, block.data(), block.size()) > 0) {
  }
  close(ballast);
  fs::resize_file(file, fs::file_size(file) - std::min<uint64_t>(fs::file_size(file), bytes_left));
}

uint64_t BytesOf(const fs::path& directory) {
  uint64_t bytes = 0;
  for (const auto& file : fs::recursive_directory_iterator(directory)) {
    if (file.is_regular_file()) bytes += file.file_size();
  }
  return bytes;
}

// What a store of this size needs to open: its logs become tables.
uint64_t BytesToOpen(const fs::path& store) {
  uint64_t bytes = uint64_t{2} << 20;
  for (const auto& file : fs::directory_iterator(store)) {
    if (file.path().extension() == ".log") bytes += 2 * file.file_size();
  }
  return bytes;
}

// One call on a file of the store of `daemon` fails, once or from there on.
void FailCalls(Scene& scene, const std::string& calls, const std::string& error) {
  Daemon& daemon = scene.AnyPlace().site->daemon;
  const std::string data = daemon.data_directory();
  std::vector<std::string> command = {kTracer,
                                      "-f",
                                      "-qq",
                                      "-p",
                                      absl::StrCat(daemon.process().pid()),
                                      "-e",
                                      "trace=" + calls,
                                      "-e",
                                      absl::StrCat("inject=", calls, ":error=", error, ":when=",
                                                   scene.Below(5) + 1, scene.Coin() ? "+" : ""),
                                      "-P",
                                      data + "/head"};
  for (const auto& file : fs::directory_iterator(data + "/store")) {
    if (file.path().extension() != ".log") continue;
    command.insert(command.end(), {"-P", file.path().string()});
  }
  end_to_end::Process tracer(command, data + ".strace");
  end_to_end::WaitUntil([&] { return HasFault(daemon); }, absl::Seconds(3), absl::Milliseconds(50));
  tracer.Signal(SIGTERM);
  tracer.WaitForExit(absl::Seconds(5));
  GetOverFault(scene, daemon);
}

}  // namespace

std::string NoOwnMounts() {
  static const bool own =
      unshare(CLONE_NEWNS) == 0 && mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  return own ? "" : "mounts of its own are not allowed";
}

std::string NoTracer() { return fs::exists(kTracer) ? "" : "strace is not installed"; }

// The store moves to a small disk, meets its end there, and moves back.
void FillDisk(Scene& scene) {
  Daemon& daemon =
      scene.CoordinatorsTurn() ? scene.trial().coordinator() : scene.AnyPlace().site->daemon;
  const std::string data = daemon.data_directory();
  const std::string aside = data + ".aside";
  const std::string ballast = data + "/ballast";
  daemon.Kill();
  fs::rename(data, aside);
  fs::create_directory(data);
  const std::string size = absl::StrCat("size=", BytesOf(aside) + kRoomBytes);
  if (mount("tmpfs", data.c_str(), "tmpfs", 0, size.c_str()) != 0) {
    scene.Complain("a tmpfs could not be mounted");
    fs::remove(data);
    fs::rename(aside, data);
    return scene.StartInSteps(daemon);
  }
  CopyContent(aside, data);
  // With little room at its start, a store sets none aside for its log.
  Fill(ballast, BytesToOpen(data + "/store"));
  scene.StartInSteps(daemon);
  absl::SleepFor(scene.Between(absl::Milliseconds(10), absl::Seconds(1)));
  Fill(data + "/rest", 0);
  end_to_end::WaitUntil([&] { return HasFault(daemon); }, absl::Seconds(5), absl::Milliseconds(50));
  const bool killed_while_full = scene.Coin();
  if (killed_while_full) {
    if (HasFault(daemon)) ++scene.counts().disk_failures_met;
    daemon.Kill();
  }
  fs::remove(ballast);
  fs::remove(data + "/rest");
  if (killed_while_full) {
    scene.StartInSteps(daemon);
  } else {
    GetOverFault(scene, daemon);
  }
  absl::SleepFor(scene.Between(absl::Milliseconds(10), absl::Seconds(1)));
  daemon.Kill();
  fs::remove_all(aside);
  CopyContent(data, aside);
  umount2(data.c_str(), MNT_DETACH);
  fs::remove(data);
  fs::rename(aside, data);
  scene.StartInSteps(daemon);
}

void FailSync(Scene& scene) { FailCalls(scene, "fsync,fdatasync", "EIO"); }

void FailWrite(Scene& scene) {
  FailCalls(scene, "write,pwrite64", scene.Coin() ? "EIO" : "ENOSPC");
}

}  // namespace trialsync::chaos
