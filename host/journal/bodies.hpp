// Drops the body of an event and leaves its digest: what comes again under this id can still be compared.
#pragma once

#include "journal/state.hpp"
#include "store/connection.hpp"

namespace modhost::journal {

class Bodies {
 public:
  Result<void> attach(store::Connection& connection);
  void detach() { *this = Bodies(); }
  // Part of the open transaction; nothing happens when it is gone already.
  Result<void> drop(EventSeq seq);

 private:
  store::Statement undigested_, keep_digest_, delete_;
};

}  // namespace modhost::journal
