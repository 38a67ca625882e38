// What sits on the writer's thread: it queues work of its own, and the writer puts what is queued into one transaction.
#pragma once

#include <chrono>
#include <optional>

#include "base/result.hpp"
#include "store/connection.hpp"

namespace modhost::store {

// Every call comes from the writer's thread, and never while the writer holds a lock.
class Client {
 public:
  virtual ~Client() = default;

  // A connection was opened: prepare statements. detach() drops them before it closes.
  virtual Result<void> attach(Connection& connection) = 0;
  virtual void detach() = 0;

  // Nothing can be written now: answers all queued new work with the error. Finishing work stays queued.
  virtual void refuse(const Error& error) = 0;
  // Takes the next batch from the queue; false when there is none. With a refusal new work is answered with it and only
  // finishing work is taken.
  virtual bool collect(const Error* refusal) = 0;
  // Writes the batch inside a transaction. An error undoes all of it.
  virtual Result<void> write() = 0;
  // The batch is on the disk: answer it.
  virtual void committed() = 0;
  // Nothing of the batch is on the disk: answer new work with the error, queue finishing work again.
  virtual void failed(const Error& error) = 0;

  // How long until a timer of the client wants a collect(); nothing: no timer.
  virtual std::optional<std::chrono::nanoseconds> wake_in() = 0;
  // Called when idle, after a collect() without a batch: one short piece of housekeeping inside a transaction, ended by
  // committed() or failed() as a batch is; false when there is nothing more to tidy.
  virtual Result<bool> tidy() = 0;
};

}  // namespace modhost::store
