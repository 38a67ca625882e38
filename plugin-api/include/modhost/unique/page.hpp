// Lists that come in pages: the page, and the call for the next one.
//
//   auto page = co_await User::list(event, {.take = 100});
//   for (; page && !page->items.empty(); page = co_await page->next())
//     for (const User& user : page->items) ...
//   if (!page) co_return page.failure();
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "modhost/unique/detail/query.hpp"

namespace modhost::unique {
namespace detail {

// A call for a page that can be made again for another one. Owns what it needs.
struct PageAsk {
  Event event;
  std::string target;
  std::string list;             // the member that holds the elements
  bool is_post = false;         // the page is in `body`, otherwise in the query of `target`
  std::vector<JsonField> body;  // its names are literals

  [[nodiscard]] Call<JsonDocument> send() const {
    return is_post ? event.api().post(target, object(body)) : event.api().get(target);
  }
  [[nodiscard]] PageAsk from(std::int64_t skip) const {
    PageAsk next = *this;
    const std::string number = std::to_string(skip);
    if (is_post) {
      std::erase_if(next.body, [](const JsonField& field) { return field.name == "skip"; });
      next.body.push_back({"skip", JsonText(skip)});
      return next;
    }
    std::size_t begin = target.find("?skip=");
    if (begin == std::string::npos) begin = target.find("&skip=");
    if (begin == std::string::npos) {
      next.target += (target.find('?') == std::string::npos ? "?skip=" : "&skip=") + number;
    } else {
      const std::size_t value = begin + 6;
      next.target.replace(value, std::min(target.find('&', value), target.size()) - value, number);
    }
    return next;
  }
};

}  // namespace detail

// Some elements of a list. Keeps the event's handle: for as long as the event is open.
template <class T>
struct Page : Resource {
  std::vector<T> items;
  std::optional<std::int64_t> total;  // elements in all, when the platform says so
  std::int64_t skip = 0;              // how many are before these

  // Nothing follows, as far as the platform told: without a total only an empty page is surely the last.
  [[nodiscard]] bool is_last() const { return items.empty() || (total && after() >= *total); }
  // The elements after these; an empty page when there are none.
  [[nodiscard]] Call<Page> next() const { return read(ask_->from(after()), after()); }

  // For the resources: sends `ask`, whose first element is number `skip`.
  static Call<Page> read(detail::PageAsk ask, std::int64_t skip) {
    Call<JsonDocument> call = ask.send();
    return std::move(call).then([ask = std::move(ask), skip](const JsonDocument& answer) {
      Page page;
      page.document = answer;
      page.json = answer.root();
      page.items = detail::elements<T>(answer, ask.list);
      detail::assign(page.total, {answer, answer["totalCount"]});
      page.skip = skip;
      page.ask_ = ask;
      return page;
    });
  }

 private:
  [[nodiscard]] std::int64_t after() const { return skip + static_cast<std::int64_t>(items.size()); }
  std::optional<detail::PageAsk> ask_;
};

namespace detail {

template <class T>
Call<Page<T>> get_page(const Event& event, std::string target, std::string list, std::optional<std::int64_t> skip) {
  return Page<T>::read(PageAsk{event, std::move(target), std::move(list), false, {}}, skip.value_or(0));
}
template <class T>
Call<Page<T>> post_page(const Event& event, std::string target, std::string list, std::optional<std::int64_t> skip,
                        Fields body) {
  return Page<T>::read(PageAsk{event, std::move(target), std::move(list), true, std::move(body)}, skip.value_or(0));
}

}  // namespace detail
}  // namespace modhost::unique
