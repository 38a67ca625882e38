#include "tls_server.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>
#include <vector>

#include "base/unique_fd.hpp"

extern char** environ;

namespace modhost::platform::test {
namespace {

pid_t spawn(std::vector<std::string> words, const posix_spawn_file_actions_t* actions) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t pid = -1;
  if (::posix_spawnp(&pid, arguments[0], actions, nullptr, arguments.data(), environ) != 0)
    throw std::runtime_error("can not start " + words[0]);
  return pid;
}

void run(const std::vector<std::string>& words, const std::filesystem::path& log) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 2, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  const pid_t pid = spawn(words, &actions);
  ::posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (status != 0) throw std::runtime_error("openssl failed: " + modhost::test::read_file(log));
}

}  // namespace

Certificates::Certificates() {
  const std::string ca = authority().string(), key = (dir_.path() / "ca.key").string();
  run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
       "-subj", "/CN=Test Authority", "-keyout", key, "-out", ca},
      dir_.path() / "log");
  issue("server", "subjectAltName=DNS:localhost,IP:127.0.0.1");
  issue("client", "extendedKeyUsage=clientAuth");
}

void Certificates::issue(const std::string& name, const std::string& extension) const {
  const std::string base = (dir_.path() / name).string();
  dir_.write(name + ".ext", extension + "\n");
  run({"openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=" + name,
       "-keyout", base + ".key", "-out", base + ".csr"},
      dir_.path() / "log");
  run({"openssl", "x509", "-req", "-in", base + ".csr", "-CA", authority().string(), "-CAkey",
       (dir_.path() / "ca.key").string(), "-CAcreateserial", "-days", "2", "-extfile", base + ".ext", "-out",
       base + ".crt"},
      dir_.path() / "log");
  dir_.write(name + ".pem", modhost::test::read_file(base + ".crt") + modhost::test::read_file(base + ".key"));
}

TlsServer::TlsServer(const Certificates& certificates, ClientCertificate client) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  const UniqueFd output(ends[0]);
  UniqueFd input(ends[1]);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, input.get(), 1);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 2, (certificates.folder() / "s_server.log").c_str(), O_WRONLY | O_CREAT,
                                     0600);
  std::vector<std::string> words = {"openssl",
                                    "s_server",
                                    "-www",
                                    "-accept",
                                    "127.0.0.1:0",
                                    "-cert",
                                    certificates.server().string(),
                                    "-key",
                                    certificates.server().string()};
  if (client == ClientCertificate::kRequired)
    for (const std::string& word : {std::string("-Verify"), std::string("1"), std::string("-verify_return_error"),
                                    std::string("-CAfile"), certificates.authority().string()})
      words.push_back(word);
  pid_ = spawn(words, &actions);
  ::posix_spawn_file_actions_destroy(&actions);
  input.reset();
  std::string text;  // "ACCEPT 127.0.0.1:40123\n"
  char byte = 0;
  while (::read(output.get(), &byte, 1) == 1 && !(byte == '\n' && text.find("ACCEPT ") != std::string::npos))
    text += byte;
  port_ = static_cast<std::uint16_t>(std::stoul(text.substr(text.rfind(':') + 1)));
}

TlsServer::~TlsServer() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

std::string TlsServer::url(std::string_view host) const {
  return "https://" + std::string(host) + ":" + std::to_string(port_) + "/";
}

}  // namespace modhost::platform::test
