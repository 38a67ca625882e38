// The in-process adapter: the C tables of plugin.h over InstanceServices. Each function checks every argument before it
// believes it, and lets no exception out.
#pragma once

#include "modhost/plugin.h"

namespace modhost::services {

extern const modhost_log_service kLogTable;
extern const modhost_event_service kEventTable;
extern const modhost_config_service kConfigTable;
extern const modhost_http_service kHttpTable;
extern const modhost_task_service kTaskTable;
extern const modhost_metrics_service kMetricsTable;
extern const modhost_kv_service kKvTable;
extern const modhost_checkpoint_service kCheckpointTable;

}  // namespace modhost::services
