// Questions of a spreadsheet, asked one after the other: /benchmarking.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "modhost/unique/detail/query.hpp"
#include "modhost/unique/file.hpp"

namespace modhost::unique {

struct Benchmarking : Resource {
  std::int64_t done = 0, error = 0, total = 0;  // questions
  std::string filename, status, benchmark_id;

  // POST /benchmarking: an .xlsx in the form of the template. `force` ends one that runs.
  static Call<Benchmarking> start(const Event& event, std::string_view filename, std::string_view bytes, bool force) {
    std::string boundary = "modhost-benchmarking";
    while (bytes.find(boundary) != std::string_view::npos) boundary += "-x";
    std::string plain_name(filename);
    std::erase_if(plain_name, [](char c) { return c == '"' || c == '\r' || c == '\n'; });
    HttpRequest request;
    request.method = "POST";
    request.target = "/benchmarking?force=" + std::string(force ? "true" : "false");
    request.headers.emplace_back("Content-Type", "multipart/form-data; boundary=" + boundary);
    request.body.append("--").append(boundary).append("\r\nContent-Disposition: form-data; name=\"file\"; filename=\"");
    request.body.append(plain_name).append("\"\r\nContent-Type: ").append(kType).append("\r\n\r\n");
    request.body.append(bytes).append("\r\n--").append(boundary).append("--\r\n");
    return event.api().send(std::move(request)).then([](const HttpResponse& answer) -> Result<Benchmarking> {
      const auto document = answer.json();
      if (!document) return document.failure();
      return read({*document, document->root()["benchmarkStatus"]});
    });
  }
  // GET /benchmarking/status
  static Call<Benchmarking> get_status(const Event& event) {
    return event.api().get("/benchmarking/status").then(detail::read_one<Benchmarking>);
  }
  // GET /benchmarking/action/download: the answers so far, an .xlsx.
  static Call<File> download(const Event& event) { return detail::get_file(event, "/benchmarking/action/download"); }
  // GET /benchmarking/action/template-download
  static Call<File> download_template(const Event& event) {
    return detail::get_file(event, "/benchmarking/action/template-download");
  }

  static Benchmarking read(Resource from) {
    using B = Benchmarking;
    return detail::make<B>(std::move(from), "done", &B::done, "error", &B::error, "total", &B::total, "filename",
                           &B::filename, "status", &B::status, "benchmarkId", &B::benchmark_id);
  }

 private:
  static constexpr std::string_view kType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
};

}  // namespace modhost::unique
