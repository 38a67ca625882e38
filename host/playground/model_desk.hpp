// Where completions are worked off: after the configured delay, by the built-in model or by an OpenAI-compatible
// server, whole or in pieces at a reader's pace. Waiting requests cost memory only, no thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/mutex.hpp"
#include "base/secret.hpp"
#include "platform/http_client.hpp"
#include "playground/model_job.hpp"
#include "playground/reply.hpp"
#include "playground/worker.hpp"

namespace modhost::playground {

struct ModelSettings {
  std::chrono::milliseconds delay{0};            // before the first word of the built-in model
  std::chrono::milliseconds piece_interval{40};  // between the pieces of a stream
  std::string upstream_url;                      // "https://api.example.com/v1"; empty: the built-in model
  Secret upstream_key;
  std::string upstream_model;  // instead of the model the client names; empty: that one
  std::chrono::milliseconds upstream_timeout{240'000};
};

class ModelDesk {
 public:
  // Borrows all; the worker is stopped before this object goes.
  ModelDesk(ModelSettings settings, const Clock& clock, platform::HttpClient& client, Platform& platform,
            Worker& worker);
  ~ModelDesk() { stop(); }
  ModelDesk(const ModelDesk&) = delete;
  ModelDesk& operator=(const ModelDesk&) = delete;

  void run(ModelJob job, Reply reply);  // [any thread]
  void stop();                          // answers of the upstream that are still to come find nobody

 private:
  struct Run;
  struct Gate {  // between callbacks of the client, which outlives this object, and the desk
    Mutex mutex;
    ModelDesk* desk GUARDED_BY(mutex) = nullptr;
  };

  void ask_upstream(const std::shared_ptr<Run>& run);
  void on_upstream(const std::shared_ptr<Run>& run, const Result<platform::HttpResponse>& answer);
  void begin(const std::shared_ptr<Run>& run);
  void step(const std::shared_ptr<Run>& run);
  bool put_piece(Run& run);  // false: nobody wants more
  void finish(Run& run);

  const ModelSettings settings_;
  const Clock& clock_;
  platform::HttpClient& client_;
  Platform& platform_;
  Worker& worker_;
  const std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();
};

}  // namespace modhost::playground
