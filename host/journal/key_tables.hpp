// The statements that change key-value state, on the writing connection.
#pragma once

#include "journal/key_values.hpp"
#include "store/connection.hpp"

namespace modhost::journal {

class KeyTables {
 public:
  Result<void> attach(store::Connection& connection);
  void detach() { *this = KeyTables(); }

  // Part of the open transaction. The result is the disk's, `outcome` what the change came to.
  Result<void> apply(const KeyChange& change, UnixMillis now, Result<std::uint64_t>& outcome);
  // Removes some that have expired; true when there may be more.
  Result<bool> drop_expired(UnixMillis now);

 private:
  struct Found {
    std::uint64_t version = 0;  // kAbsent: not there, or expired
    std::int64_t row = 0;       // 0: no row
    std::uint64_t bytes = 0;
  };
  Result<Found> find(const KeyChange& change, UnixMillis now);
  Result<void> remove(const KeyChange& change, const Found& found);
  Result<void> put(const KeyChange& change, const Found& found, UnixMillis now, Result<std::uint64_t>& outcome);
  Result<void> book(const std::string& module, std::int64_t keys, std::int64_t bytes);

  store::Statement find_, next_version_, insert_, update_, delete_, usage_, book_, expired_;
};

}  // namespace modhost::journal
