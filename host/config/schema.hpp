// Every key modules.yaml may hold. The readers take their keys from here, "did you mean" searches here and a test
// compares docs/configuration.md with it.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace modhost::config::schema {

using Keys = std::span<const std::string_view>;

inline constexpr auto kTop = std::to_array<std::string_view>(
    {"listen", "webhook_path", "admin", "state_dir", "plugins_dir", "log", "limits", "journal", "trusted_proxies",
     "http_client", "app", "apps", "defaults", "modules", "subscriptions"});

inline constexpr auto kLog = std::to_array<std::string_view>({"level", "format"});

inline constexpr auto kLimits = std::to_array<std::string_view>(
    {"body_bytes", "connections", "ready_events", "ready_bytes", "receiving_bytes", "ack_timeout",
     "timestamp_tolerance", "max_event_age", "drain_delay", "drain_grace", "http_threads"});

inline constexpr auto kJournal = std::to_array<std::string_view>({"keep_body", "dedupe_retention", "secure_delete"});

inline constexpr auto kHttpClient = std::to_array<std::string_view>({"proxy", "ca_file", "client_cert", "connections"});

inline constexpr auto kApp =
    std::to_array<std::string_view>({"id", "path", "api_base", "api_key", "secrets", "endpoint_secrets"});

inline constexpr auto kSecret = std::to_array<std::string_view>({"env", "file"});

inline constexpr auto kEndpointSecret =
    std::to_array<std::string_view>({"env", "file", "id", "not_before", "not_after"});

inline constexpr auto kModule = std::to_array<std::string_view>(
    {"plugin", "app", "isolation", "threads", "in_flight", "attempt_deadline", "event_deadline", "retry", "order",
     "side_effects", "on_failure", "complete_turn", "config", "secrets", "grants"});

// What only one module can have: not in `defaults`.
inline constexpr auto kModuleOnly = std::to_array<std::string_view>({"plugin", "config", "secrets"});

struct Section {
  std::string_view path;  // as the documentation writes it, e.g. "modules.<name>"; empty: the top
  Keys keys;
};

inline constexpr auto kSections = std::to_array<Section>({{"", kTop},
                                                          {"log", kLog},
                                                          {"limits", kLimits},
                                                          {"journal", kJournal},
                                                          {"http_client", kHttpClient},
                                                          {"app", kApp},
                                                          {"apps[]", kApp},
                                                          {"apps[].secrets[]", kEndpointSecret},
                                                          {"modules.<name>", kModule},
                                                          {"modules.<name>.secrets.<name>", kSecret}});

// The events that the platform is known to send; another name is a warning only.
inline constexpr auto kEvents = std::to_array<std::string_view>(
    {"unique.chat.user-message.created", "unique.chat.external-module.chosen", "unique.ingestion.content.uploaded",
     "unique.ingestion.content.finished", "unique.magic-table.add-meta-data", "unique.magic-table.update-cell",
     "unique.magic-table.generate-artifact", "unique.magic-table.sheet-completed", "unique.magic-table.sheet-created",
     "unique.magic-table.library-sheet-row.verified", "unique.magic-table.rerun-row",
     "unique.magic-table.import-columns", "unique.magic-table.add-document", "unique.magic-table.delete-row",
     "unique.magic-table.delete-column"});

}  // namespace modhost::config::schema
