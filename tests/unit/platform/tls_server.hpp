// `openssl s_server` with certificates made for the test: an authority, a server, a client.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "support/temp_dir.hpp"

namespace modhost::platform::test {

// PEM files in a folder that lives as long as this. The server's certificate is for localhost and 127.0.0.1.
class Certificates {
 public:
  Certificates();
  [[nodiscard]] std::filesystem::path authority() const { return dir_.path() / "ca.pem"; }
  [[nodiscard]] std::filesystem::path server() const { return dir_.path() / "server.pem"; }  // with its key
  [[nodiscard]] std::filesystem::path client() const { return dir_.path() / "client.pem"; }  // with its key
  [[nodiscard]] const std::filesystem::path& folder() const { return dir_.path(); }

 private:
  void issue(const std::string& name, const std::string& extension) const;
  modhost::test::TempDir dir_;
};

enum class ClientCertificate { kIgnored, kRequired };

// Answers every GET with a page about the connection.
class TlsServer {
 public:
  TlsServer(const Certificates& certificates, ClientCertificate client);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url(std::string_view host = "localhost") const;

 private:
  pid_t pid_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace modhost::platform::test
