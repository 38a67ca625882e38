#include "journal/bodies.hpp"

#include "crypto/digest.hpp"

namespace modhost::journal {

Result<void> Bodies::attach(store::Connection& connection) {
  struct Prepared {
    store::Statement* statement;
    const char* sql;
  };
  for (const auto& [statement, sql] :
       {Prepared{&undigested_,
                 "SELECT b.bytes FROM body b JOIN event e ON e.seq=b.seq WHERE b.seq=?1 AND length(e.body_sha256)=0"},
        Prepared{&keep_digest_, "UPDATE event SET body_sha256=?2 WHERE seq=?1"},
        Prepared{&delete_, "DELETE FROM body WHERE seq=?1"}}) {
    auto prepared = connection.prepare(sql);
    if (!prepared) return std::move(prepared.error());
    *statement = std::move(*prepared);
  }
  return {};
}

Result<void> Bodies::drop(EventSeq seq) {
  auto row = undigested_.with(seq).step();
  if (!row) return std::move(row.error());
  if (*row) {
    const crypto::Digest digest = crypto::sha256(undigested_.bytes(0));
    undigested_.reset();
    auto kept = keep_digest_.with(seq, store::Blob{crypto::bytes_of(digest)}).run();
    if (!kept) return std::move(kept.error());
  }
  auto done = delete_.with(seq).run();
  if (!done) return std::move(done.error());
  return {};
}

}  // namespace modhost::journal
