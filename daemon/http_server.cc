// SPDX-License-Identifier: Apache-2.0
#include "daemon/http_server.h"

#include <httplib.h>

#include <chrono>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"

namespace trialsync::daemon {
namespace {

constexpr int kUnavailable = 503;
constexpr int kInternalError = 500;

// Without the brackets of IPv6.
std::string HostName(const std::string& host) {
  return host.front() == '[' ? host.substr(1, host.size() - 2) : host;
}

// For a restart within the minute in which the system remembers old connections.
void ReuseAddressOnly(socket_t socket) {
  const int yes = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
}

}  // namespace

struct HttpServer::Parts {
  Pages pages;
  httplib::Server server;
  std::thread thread;
  int port = 0;

  void AddPages() {
    server.Get("/metrics", [this](const httplib::Request&, httplib::Response& response) {
      const absl::StatusOr<std::string> text = pages.metrics();
      if (!text.ok()) response.status = kInternalError;
      response.set_content(text.ok() ? *text : absl::StrCat(text.status().message(), "\n"),
                           "text/plain; version=0.0.4; charset=utf-8");
    });
    server.Get("/healthz", [this](const httplib::Request&, httplib::Response& response) {
      const absl::Status status = pages.health();
      if (!status.ok()) response.status = kUnavailable;
      response.set_content(status.ok() ? "serving\n" : absl::StrCat(status.message(), "\n"),
                           "text/plain; charset=utf-8");
    });
  }
};

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const Address& listen, Pages pages) {
  auto parts = std::make_unique<Parts>();
  parts->pages = std::move(pages);
  // Without it each answer waits for a delayed acknowledgement, about 40 ms.
  parts->server.set_tcp_nodelay(true);
  // Its default lets a second daemon share the port.
  parts->server.set_socket_options(&ReuseAddressOnly);
  parts->AddPages();
  const std::string host = HostName(listen.host);
  if (listen.port == 0) {
    parts->port = parts->server.bind_to_any_port(host.c_str());
  } else if (parts->server.bind_to_port(host.c_str(), listen.port)) {
    parts->port = listen.port;
  }
  if (parts->port <= 0) {
    return absl::UnavailableError(absl::StrCat(
        "cannot listen on ", listen.ToString(),
        " for metrics: is another program using this port? Give another with --metrics-listen"));
  }
  parts->thread = std::thread([server = &parts->server] { server->listen_after_bind(); });
  // It cannot be stopped before it runs.
  while (!parts->server.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(parts)));
}

HttpServer::HttpServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

HttpServer::~HttpServer() {
  parts_->server.stop();
  parts_->thread.join();
}

int HttpServer::port() const { return parts_->port; }

}  // namespace trialsync::daemon
