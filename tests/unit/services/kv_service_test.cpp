#include "services/kv_service.hpp"

#include "call_fixture.hpp"

namespace modhost::services {
namespace {

modhost_bytes bytes(std::string_view text) { return {text.data(), text.size()}; }

class KvTest : public CallTest {
 protected:
  const modhost_kv_service& kv() { return *static_cast<const modhost_kv_service*>(service_table(MODHOST_SERVICE_KV)); }
  modhost_status put(std::string_view key, std::string_view value, std::uint64_t expected = MODHOST_KV_ANY) {
    return kv().put(host(), bytes(key), bytes(value), 0, expected, &version_);
  }
  std::string get(std::string_view key) {
    modhost_blob blob{};
    const modhost_status status = kv().get(host(), bytes(key), &blob, &version_);
    if (status != MODHOST_OK) return std::to_string(status);
    std::string value(static_cast<const char*>(blob.ptr), blob.len);
    blob.release(&blob);
    return value;
  }
  std::uint64_t version_ = 0;
};

TEST_F(KvTest, KeepsWhatTheModulePuts) {
  EXPECT_EQ(get("k"), std::to_string(MODHOST_E_NOT_FOUND));
  EXPECT_EQ(put("k", "one", MODHOST_KV_ABSENT), MODHOST_OK);
  const std::uint64_t first = version_;
  EXPECT_EQ(get("k"), "one");
  EXPECT_EQ(version_, first);
  EXPECT_EQ(put("k", "two", MODHOST_KV_ABSENT), MODHOST_E_CONFLICT);
  EXPECT_EQ(put("k", "two", first), MODHOST_OK);
  EXPECT_NE(version_, first);
  EXPECT_EQ(kv().del(host(), bytes("k"), first), MODHOST_E_CONFLICT);
  EXPECT_EQ(kv().del(host(), bytes("k"), MODHOST_KV_ANY), MODHOST_OK);
  EXPECT_EQ(kv().del(host(), bytes("k"), MODHOST_KV_ANY), MODHOST_E_NOT_FOUND);
  EXPECT_EQ(kv().put(host(), bytes("t"), bytes("v"), 5000, MODHOST_KV_ANY, nullptr), MODHOST_OK);
  EXPECT_EQ(key_values_.last_lifetime(), std::chrono::seconds(5));
}

TEST_F(KvTest, ListsUntilThePluginHasEnough) {
  for (const char* key : {"a/1", "a/2", "b"}) ASSERT_EQ(put(key, "x"), MODHOST_OK);
  std::vector<std::string> seen;
  const auto each = [](void* user, modhost_bytes key, std::uint64_t) noexcept -> modhost_status {
    auto& keys = *static_cast<std::vector<std::string>*>(user);
    keys.emplace_back(static_cast<const char*>(key.ptr), key.len);
    return keys.size() == 3 ? MODHOST_E_CANCELLED : MODHOST_OK;
  };
  EXPECT_EQ(kv().list(host(), bytes("a/"), each, &seen), MODHOST_OK);
  EXPECT_EQ(seen, (std::vector<std::string>{"a/1", "a/2"}));
  EXPECT_EQ(kv().list(host(), bytes(""), each, &seen), MODHOST_E_CANCELLED);
  EXPECT_EQ(seen.size(), 3u);
}

TEST_F(KvTest, ChecksItsArguments) {
  modhost_blob blob{};
  EXPECT_EQ(kv().get(host(), bytes(""), &blob, nullptr), MODHOST_E_INVALID);
  EXPECT_EQ(kv().get(host(), bytes("k"), nullptr, nullptr), MODHOST_E_INVALID);
  EXPECT_EQ(kv().get(nullptr, bytes("k"), &blob, nullptr), MODHOST_E_INVALID);
  EXPECT_EQ(kv().put(host(), {nullptr, 3}, bytes("v"), 0, MODHOST_KV_ANY, nullptr), MODHOST_E_INVALID);
  EXPECT_EQ(kv().put(host(), bytes("k"), bytes("v"), -1, MODHOST_KV_ANY, nullptr), MODHOST_E_INVALID);
  EXPECT_EQ(kv().put(host(), bytes(std::string(513, 'k')), bytes("v"), 0, MODHOST_KV_ANY, nullptr), MODHOST_E_INVALID);
  EXPECT_EQ(kv().list(host(), bytes("k"), nullptr, nullptr), MODHOST_E_INVALID);
}

TEST_F(KvTest, ADiskThatFailsIsSaid) {
  key_values_.fail_with(unavailable("input/output error"));
  EXPECT_EQ(put("k", "v"), MODHOST_E_INTERNAL);
  EXPECT_EQ(get("k"), std::to_string(MODHOST_E_INTERNAL));
  key_values_.fail_with(Error{Code::kFull, "disk full"});
  EXPECT_EQ(put("k", "v"), MODHOST_E_FULL);
}

TEST_F(KvTest, ACheckpointIsTheEvents) {
  const auto& table = *static_cast<const modhost_checkpoint_service*>(service_table(MODHOST_SERVICE_CHECKPOINT));
  const auto event = begin_event();
  EXPECT_EQ(table.save(host(), event->id(), bytes("part 2")), MODHOST_OK);
  EXPECT_EQ(journal_.checkpoints().at(7), "part 2");
  EXPECT_EQ(table.save(host(), event->id(), bytes(std::string(65 * 1024, 'x'))), MODHOST_E_INVALID);
  journal_.fail_with(unavailable("input/output error"));
  EXPECT_EQ(table.save(host(), event->id(), bytes("part 3")), MODHOST_E_INTERNAL);
  services().events.complete(event->id(), {});
  EXPECT_EQ(table.save(host(), event->id(), bytes("part 4")), MODHOST_E_GONE);
  EXPECT_EQ(table.save(host(), 1, bytes("part 5")), MODHOST_E_INVALID);
}

}  // namespace
}  // namespace modhost::services
