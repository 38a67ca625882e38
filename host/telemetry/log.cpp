#include "telemetry/log.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace modhost::telemetry {

namespace {

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::kTrace:
      return spdlog::level::trace;
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

using Buffer = rapidjson::StringBuffer;

void put(rapidjson::Writer<Buffer>& writer, std::string_view text) {
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

// `"msg":"...","key":"value"`: the inside of the line's object; the pattern adds time and level.
std::string json_members(std::string_view message, const Field* fields, std::size_t count) {
  Buffer buffer;
  rapidjson::Writer<Buffer> writer(buffer);
  writer.StartObject();
  writer.Key("msg");
  put(writer, message);
  for (std::size_t i = 0; i < count; ++i) {
    writer.Key(fields[i].key.data(), static_cast<rapidjson::SizeType>(fields[i].key.size()));
    if (fields[i].is_number)
      writer.RawValue(fields[i].value.data(), fields[i].value.size(), rapidjson::kNumberType);
    else
      put(writer, fields[i].value);
  }
  writer.EndObject();
  return {buffer.GetString() + 1, buffer.GetSize() - 2};
}

std::string text_line(std::string_view message, const Field* fields, std::size_t count) {
  std::string line(message);
  for (std::size_t i = 0; i < count; ++i) line.append("  ").append(fields[i].key).append("=").append(fields[i].value);
  // One record is one line, whatever the values hold.
  for (char& c : line)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  return line;
}

}  // namespace

class Log::Impl {
 public:
  explicit Impl(const config::LogConfig& config)
      : json(config.format == config::LogFormat::kJson),
        logger("modhost", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    logger.set_level(level_of(config.level));
    logger.flush_on(spdlog::level::trace);
    if (json)
      logger.set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})", spdlog::pattern_time_type::utc);
    else
      logger.set_pattern("%H:%M:%S.%e %-5l %v");
  }
  bool json;
  spdlog::logger logger;
};

Log::Log(const config::LogConfig& config) : impl_(std::make_unique<Impl>(config)) {}
Log::~Log() = default;

bool Log::enabled(LogLevel level) const { return impl_->logger.should_log(level_of(level)); }

void Log::set_level(LogLevel level) { impl_->logger.set_level(level_of(level)); }

void Log::write(LogLevel level, std::string_view message, std::initializer_list<Field> fields) {
  write(level, message, fields.begin(), fields.size());
}

void Log::write(LogLevel level, std::string_view message, const Field* fields, std::size_t count) {
  if (!enabled(level)) return;
  const std::string line = impl_->json ? json_members(message, fields, count) : text_line(message, fields, count);
  impl_->logger.log(level_of(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace modhost::telemetry
