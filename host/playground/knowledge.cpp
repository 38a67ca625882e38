// Embeds knowledge/.
#include "playground/knowledge.hpp"

#include "playground/embed.hpp"

MODHOST_EMBED(modhost_knowledge_expenses, "playground/knowledge/expenses-and-travel.md")
MODHOST_EMBED(modhost_knowledge_glossary, "playground/knowledge/glossary.md")
MODHOST_EMBED(modhost_knowledge_leave, "playground/knowledge/holidays-and-leave.md")
MODHOST_EMBED(modhost_knowledge_lease, "playground/knowledge/lease-zurich.md")
MODHOST_EMBED(modhost_knowledge_modhost, "playground/knowledge/modhost.md")
MODHOST_EMBED(modhost_knowledge_onboarding, "playground/knowledge/onboarding.md")
MODHOST_EMBED(modhost_knowledge_security, "playground/knowledge/security-faq.md")

namespace modhost::playground {

const std::vector<ShippedFile>& shipped_knowledge() {
  static const std::vector<ShippedFile> kFiles = {
      {"expenses-and-travel.md", MODHOST_EMBEDDED(modhost_knowledge_expenses)},
      {"glossary.md", MODHOST_EMBEDDED(modhost_knowledge_glossary)},
      {"holidays-and-leave.md", MODHOST_EMBEDDED(modhost_knowledge_leave)},
      {"lease-zurich.md", MODHOST_EMBEDDED(modhost_knowledge_lease)},
      {"modhost.md", MODHOST_EMBEDDED(modhost_knowledge_modhost)},
      {"onboarding.md", MODHOST_EMBEDDED(modhost_knowledge_onboarding)},
      {"security-faq.md", MODHOST_EMBEDDED(modhost_knowledge_security)}};
  return kFiles;
}

}  // namespace modhost::playground
