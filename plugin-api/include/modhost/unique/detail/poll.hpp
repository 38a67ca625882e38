// Asking again until something has happened.
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "modhost/sdk/async.hpp"
#include "modhost/unique/resource.hpp"

namespace modhost::unique::detail {

// GET of `target` until is_over(T). A call that failed for a passing reason is made again; another failure ends it, and
// so does the end of the event.
template <class T, class IsOver>
Async<Result<T>> poll(Event event, std::string target, std::chrono::milliseconds every, IsOver is_over) {
  for (;;) {
    auto answer = co_await event.api().get(target).then(read_one<T>);
    if (!answer && answer.failure().status != MODHOST_E_RETRY) co_return answer.failure();
    if (answer && is_over(*answer)) co_return std::move(answer);
    co_await event.sleep(every);
  }
}

}  // namespace modhost::unique::detail
