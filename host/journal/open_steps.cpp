#include "journal/open_steps.hpp"

#include "event/json_reader.hpp"

namespace modhost::journal {

std::string step_ending(std::string_view message_log_id) { return R"({"step":)" + quote_json(message_log_id) + "}"; }

}  // namespace modhost::journal
