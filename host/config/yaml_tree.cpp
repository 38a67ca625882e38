#include "config/yaml_tree.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <sstream>
#include <unordered_map>

namespace modhost::config {
namespace {

Mark mark_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {mark.line + 1, mark.column + 1};
}

// Turns events into a tree. After the first error that stops it, events are ignored: the parser can not be told to
// stop, but its work is bounded by the size of the text.
class Builder final : public YAML::EventHandler {
 public:
  explicit Builder(Problems& problems) : problems_(problems) {}

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] Node take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (!failed_) complete(make(Node::Kind::kNull, mark), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (failed_) return;
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) return fail(mark_of(mark), "an alias can not stand inside the value it names");
    if (!charge(found->second.nodes, found->second.bytes, mark)) return;
    Node copy = found->second.node;
    copy.mark = mark_of(mark);
    complete(std::move(copy), 0);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (failed_ || !known_tag(mark, tag) || !charge(0, value.size(), mark)) return;
    Node node = make(Node::Kind::kScalar, mark);
    node.is_plain = tag == "?";
    node.text = value;
    complete(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::Kind::kList, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::Kind::kMap, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    Node node;
    YAML::anchor_t anchor = 0;
    std::size_t nodes_before = 0, bytes_before = 0;
    std::optional<Node> key;
    bool key_is_duplicate = false;
    std::unordered_map<std::string, int> lines;  // of the keys so far
  };
  struct Anchor {
    Node node;
    std::size_t nodes = 0, bytes = 0;
  };

  void fail(Mark mark, std::string_view what) {
    failed_ = true;
    problems_.error(mark, what);
  }

  // Counts nodes and text, copies of anchored values too: this is what stops an alias bomb.
  bool charge(std::size_t nodes, std::size_t bytes, const YAML::Mark& mark) {
    nodes_ += nodes;
    bytes_ += bytes;
    if (nodes_ <= kYamlNodesMax && bytes_ <= 2 * kYamlBytesMax) return true;
    fail(mark_of(mark), "the document is too large once its aliases are followed: at most " +
                            std::to_string(kYamlNodesMax) + " values");
    return false;
  }

  Node make(Node::Kind kind, const YAML::Mark& mark) {
    Node node;
    node.kind = kind;
    node.mark = mark_of(mark);
    return node;
  }

  bool known_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!" || tag.starts_with("tag:yaml.org,2002:")) return true;
    fail(mark_of(mark), "tags such as !name are not used here: remove it");
    return false;
  }

  void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (failed_ || !known_tag(mark, tag)) return;
    if (stack_.size() >= kYamlDepthMax)
      return fail(mark_of(mark), "nested too deeply: at most " + std::to_string(kYamlDepthMax) + " levels");
    stack_.push_back({make(kind, mark), anchor, nodes_, bytes_, std::nullopt, false, {}});
  }

  void close() {
    if (failed_) return;
    Frame frame = std::move(stack_.back());
    stack_.pop_back();
    complete(std::move(frame.node), frame.anchor, nodes_ - frame.nodes_before, bytes_ - frame.bytes_before);
  }

  void complete(Node node, YAML::anchor_t anchor, std::size_t nodes = 0, std::size_t bytes = 0) {
    const YAML::Mark unknown = YAML::Mark::null_mark();
    if (!charge(1, 0, unknown)) return;
    if (anchor != 0) {
      if (!charge(nodes + 1, bytes + node.text.size(), unknown)) return;
      anchors_[anchor] = {node, nodes + 1, bytes + node.text.size()};
    }
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& parent = stack_.back();
    if (parent.node.kind == Node::Kind::kList) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.key) {
      take_key(parent, std::move(node));
    } else {
      if (!parent.key_is_duplicate)
        parent.node.entries.push_back({std::move(parent.key->text), parent.key->mark, std::move(node)});
      parent.key.reset();
    }
  }

  void take_key(Frame& parent, Node key) {
    if (key.kind != Node::Kind::kScalar)
      return fail(key.mark, "a key must be text, this is " + std::string(key.kind_name()));
    const auto [first, is_new] = parent.lines.emplace(key.text, key.mark.line);
    parent.key_is_duplicate = !is_new;
    if (!is_new)
      problems_.error(key.mark, "\"" + key.text + "\" is given twice: the first is at line " +
                                    std::to_string(first->second) + ", keep one of them");
    parent.key = std::move(key);
  }

  Problems& problems_;
  bool failed_ = false;
  std::size_t nodes_ = 0, bytes_ = 0;
  std::vector<Frame> stack_;
  std::map<YAML::anchor_t, Anchor> anchors_;
  Node root_;
};

// Where the text stops being UTF-8, or npos. The YAML parser would put replacement characters there silently.
std::size_t find_invalid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80                   ? 1
                               : lead >= 0xc2 && lead < 0xe0 ? 2
                               : lead >= 0xe0 && lead < 0xf0 ? 3
                               : lead >= 0xf0 && lead < 0xf5 ? 4
                                                             : 0;
    if (length == 0 || i + length > text.size() || lead == 0) return i;
    for (std::size_t k = 1; k < length; ++k)
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return i;
    i += length;
  }
  return std::string_view::npos;
}

Mark mark_at(std::string_view text, std::size_t offset) {
  Mark mark{1, 1};
  for (std::size_t i = 0; i < offset; ++i) {
    ++mark.column;
    if (text[i] == '\n') mark = {mark.line + 1, 1};
  }
  return mark;
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  for (const Entry& entry : entries)
    if (entry.key == key) return &entry.value;
  return nullptr;
}

std::string_view Node::kind_name() const {
  switch (kind) {
    case Kind::kNull:
      return "nothing";
    case Kind::kScalar:
      return "text";
    case Kind::kList:
      return "a list";
    case Kind::kMap:
      return "a mapping";
  }
  return "nothing";
}

std::optional<Node> parse_yaml(std::string_view text, Problems& problems) {
  if (text.size() > kYamlBytesMax) {
    problems.error({}, "the file is larger than 1 MiB: this is not a configuration");
    return std::nullopt;
  }
  if (const std::size_t bad = find_invalid_utf8(text); bad != std::string_view::npos) {
    problems.error(mark_at(text, bad), "not UTF-8 text: save the file as UTF-8");
    return std::nullopt;
  }
  Builder builder(problems);
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    if (!parser.HandleNextDocument(builder)) return Node{};
    Builder ignored(problems);
    // Asked once only: after a stray comma the parser offers empty documents for ever.
    if (!builder.failed() && parser.HandleNextDocument(ignored) && !ignored.failed()) {
      problems.error({}, "something follows the document: one file holds one document, and no comma starts a line");
      return std::nullopt;
    }
  } catch (const YAML::Exception& error) {
    if (!builder.failed()) problems.error(mark_of(error.mark), "can not be read as YAML: " + error.msg);
    return std::nullopt;
  } catch (const std::exception& error) {
    problems.error({}, std::string("can not be read as YAML: ") + error.what());
    return std::nullopt;
  }
  if (builder.failed()) return std::nullopt;
  return builder.take_root();
}

}  // namespace modhost::config
