// Who may add to the backlog: no module takes the places of the others. Writer's thread only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace modhost::journal {

class Shares {
 public:
  struct Amount {
    std::uint64_t events = 0, bytes = 0;
  };

  // `modules` have a guaranteed part even while they have no events.
  Shares(Amount whole, const std::set<std::string>& modules) : whole_(whole) {
    for (const std::string& module : modules) used_[module];
  }

  enum class Refusal { kNone, kWhole, kShare };
  // A module has at most half of the backlog while there are others, and leaves each of them a twentieth (fewer, when
  // there are many).
  [[nodiscard]] Refusal admits(const std::string& module, std::uint64_t body_bytes) const {
    const Refusal events = judge(module, 1, &Amount::events);
    return events == Refusal::kNone ? judge(module, body_bytes, &Amount::bytes) : events;
  }
  void added(const std::string& module, Amount amount) { change(module, amount, +1); }
  void ended(const std::string& module, Amount amount) {
    change(module, amount, -1);
    // The bytes found at a start are an estimate for each module.
    if (const Amount& left = used_[module]; left.events == 0) change(module, left, -1);
  }

 private:
  using Part = std::uint64_t Amount::*;

  [[nodiscard]] Refusal judge(const std::string& module, std::uint64_t more, Part part) const {
    const std::uint64_t whole = whole_.*part;
    if (all_.*part + more > whole) return Refusal::kWhole;
    const auto own = used_.find(module);
    const std::uint64_t used = own == used_.end() ? 0 : own->second.*part;
    const std::size_t others = used_.size() - (own == used_.end() ? 0 : 1);
    if (others == 0) return Refusal::kNone;
    const std::uint64_t guaranteed = whole / std::max<std::uint64_t>(20, 2 * (others + 1));
    if (used + more <= guaranteed) return Refusal::kNone;
    if (used + more > whole / 2) return Refusal::kShare;
    std::uint64_t kept = 0;  // for the others
    for (const auto& [name, amount] : used_)
      if (name != module && amount.*part < guaranteed) kept += guaranteed - amount.*part;
    return all_.*part + kept + more > whole ? Refusal::kShare : Refusal::kNone;
  }

  void change(const std::string& module, const Amount amount, int sign) {
    for (const Part part : {&Amount::events, &Amount::bytes})
      for (Amount* sum : {&used_[module], &all_})
        sum->*part = sign > 0 ? sum->*part + amount.*part : sum->*part - std::min(amount.*part, sum->*part);
  }

  const Amount whole_;
  Amount all_;
  std::map<std::string, Amount> used_;
};

}  // namespace modhost::journal
