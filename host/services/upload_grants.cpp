#include "services/upload_grants.hpp"

#include <algorithm>

#include "event/json_reader.hpp"

namespace modhost::services {

void UploadGrants::add(std::string_view upsert_answer, SteadyTime until) {
  const auto content = parse_json(upsert_answer);
  if (!content || !content->IsObject()) return;
  MutexLock lock(mutex_);
  for (const std::string_view name : {"writeUrl", "readUrl", "pdfPreviewWriteUrl"}) {
    const std::string_view url = string_member(*content, name);
    if (!url.empty() && urls_.size() < kUploadUrlsMax) urls_.emplace_back(url, until);
  }
}

bool UploadGrants::allows(std::string_view url, SteadyTime now) const {
  MutexLock lock(mutex_);
  return std::any_of(urls_.begin(), urls_.end(),
                     [&](const auto& granted) { return granted.first == url && now < granted.second; });
}

}  // namespace modhost::services
