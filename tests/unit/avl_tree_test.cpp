// The AVL tree in every shape that up to 13 nodes can have, against a model,
// and against its promise of logarithmic work, counted in comparisons. The
// invariants are checked after each operation.
#include "common/avl_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <numeric>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace klh {
namespace {

using Random = std::mt19937_64;
using Node = AvlTree::Node;

struct Entry : AvlTree::Node {
  uint64_t key = 0;
};

uint64_t key_of(const Node& node) {
  return static_cast<const Entry&>(node).key;
}

bool comes_before(const Node& a, const Node& b) {
  return key_of(a) < key_of(b);
}

auto is_below(uint64_t key) {
  return [key](const Node& node) { return key_of(node) < key; };
}

int height_of(const Node* node) {
  return node == nullptr ? 0 : node->height;
}

size_t size_of(const Node* node) {
  return node == nullptr ? 0 : node->size;
}

// What a node claims, given that its children are right.
void check_node(const Node* node) {
  const Node* const left = node->child[AvlTree::kLeft];
  const Node* const right = node->child[AvlTree::kRight];
  ASSERT_LE(std::abs(height_of(left) - height_of(right)), 1) << "unbalanced";
  ASSERT_EQ(node->height, 1 + std::max(height_of(left), height_of(right)));
  ASSERT_EQ(node->size, 1 + size_of(left) + size_of(right));
  for (const Node* child : node->child) {
    if (child != nullptr) {
      ASSERT_EQ(child->parent, node) << "parent link";
    }
  }
}

void collect(const Node* node, std::vector<const Node*>& in_order) {
  if (node == nullptr) return;
  collect(node->child[AvlTree::kLeft], in_order);
  in_order.push_back(node);
  collect(node->child[AvlTree::kRight], in_order);
}

std::vector<const Node*> nodes_of(const AvlTree& tree) {
  std::vector<const Node*> in_order;
  in_order.reserve(tree.size());
  collect(tree.root(), in_order);
  return in_order;
}

// All invariants. Since each node is checked against its children, and leaves
// against nothing, all claims are right if none is refuted.
void check_tree(const AvlTree& tree) {
  const std::vector<const Node*> nodes = nodes_of(tree);
  ASSERT_EQ(nodes.size(), tree.size());
  if (!tree.empty()) {
    ASSERT_EQ(tree.root()->parent, nullptr);
  }
  for (size_t i = 0; i < nodes.size(); ++i) {
    ASSERT_NO_FATAL_FAILURE(check_node(nodes[i]));
    if (i > 0) {
      ASSERT_LE(key_of(*nodes[i - 1]), key_of(*nodes[i])) << "order";
    }
  }
}

// The invariants from a node up to the root: where an operation changes things.
void check_path(const AvlTree& tree, const Node* node) {
  for (; node != nullptr; node = node->parent) {
    ASSERT_NO_FATAL_FAILURE(check_node(node));
    if (node->parent == nullptr) {
      ASSERT_EQ(node, tree.root());
    }
  }
}

// Entries with the keys 0 to count - 1, that stay where they are.
class Entries {
 public:
  explicit Entries(size_t count) : entries_(count) {
    for (size_t i = 0; i < count; ++i) entries_[i].key = i;
  }
  Entry& operator[](size_t i) { return entries_[i]; }
  size_t size() const { return entries_.size(); }

  void insert_all(AvlTree& tree) {
    for (Entry& entry : entries_) tree.insert(&entry, comes_before);
  }

 private:
  std::vector<Entry> entries_;
};

enum class Order { ascending, descending, random, zigzag };
constexpr Order kOrders[] = {Order::ascending, Order::descending, Order::random,
                             Order::zigzag};

// 0 to count - 1; zigzag goes from both ends to the middle.
std::vector<size_t> keys_in(Order order, size_t count) {
  std::vector<size_t> keys(count);
  std::iota(keys.begin(), keys.end(), size_t{0});
  if (order == Order::descending) std::reverse(keys.begin(), keys.end());
  if (order == Order::random) {
    std::shuffle(keys.begin(), keys.end(), Random(7));
  }
  if (order == Order::zigzag) {
    for (size_t i = 0; i < count; ++i) {
      keys[i] = i % 2 == 0 ? i / 2 : count - 1 - i / 2;
    }
  }
  return keys;
}

// How high a tree of this many nodes may be: N(h) = N(h-1) + 1 + N(h-2) nodes
// are the fewest of an AVL tree of height h.
int greatest_height(size_t size) {
  int height = 0;
  for (size_t fewest = 1, below = 0; fewest <= size; ++height) {
    below = std::exchange(fewest, fewest + 1 + below);
  }
  return height;
}

TEST(AvlTree, IsEmptyAtFirst) {
  AvlTree tree;
  EXPECT_TRUE(tree.empty());
  EXPECT_EQ(tree.size(), 0u);
  EXPECT_EQ(tree.first(), nullptr);
  EXPECT_EQ(tree.last(), nullptr);
  EXPECT_EQ(tree.at(0), nullptr);
  EXPECT_EQ(tree.lower_bound(is_below(3)), nullptr);
}

TEST(AvlTree, ErasesItsOnlyNodeAndTakesItAgain) {
  AvlTree tree;
  Entry entry;
  for (int i = 0; i < 3; ++i) {
    tree.insert(&entry, comes_before);
    EXPECT_EQ(tree.first(), &entry);
    EXPECT_EQ(tree.last(), &entry);
    EXPECT_EQ(AvlTree::next(&entry), nullptr);
    EXPECT_EQ(AvlTree::previous(&entry), nullptr);
    tree.erase(&entry);
    EXPECT_TRUE(tree.empty());
  }
}

TEST(AvlTree, LeavesNoLinksInANodeThatIsErased) {
  Entries entries(15);
  AvlTree tree;
  entries.insert_all(tree);
  for (size_t i : {7u, 3u, 0u}) {  // the root, an inner node, a leaf
    tree.erase(&entries[i]);
    EXPECT_EQ(entries[i].parent, nullptr);
    EXPECT_EQ(entries[i].child[AvlTree::kLeft], nullptr);
    EXPECT_EQ(entries[i].child[AvlTree::kRight], nullptr);
    EXPECT_EQ(entries[i].size, 1u);
    EXPECT_EQ(entries[i].height, 1);
    EXPECT_EQ(entries[i].key, i);
  }
}

// --- every shape -----------------------------------------------------------

// A shape is written as the path to each node, level by level: ",L,R,RL". Nodes
// that come in that order need no rotation, so the shape can be built from it.
std::string shape_of(const AvlTree& tree) {
  std::string shape;
  std::vector<std::pair<const Node*, std::string>> level;
  if (!tree.empty()) level.emplace_back(tree.root(), "");
  while (!level.empty()) {
    std::vector<std::pair<const Node*, std::string>> next;
    for (const auto& [node, path] : level) {
      shape += path + ",";
      for (int side : {AvlTree::kLeft, AvlTree::kRight}) {
        const Node* const child = node->child[side];
        if (child != nullptr) next.emplace_back(child, path + "LR"[side]);
      }
    }
    level = std::move(next);
  }
  return shape;
}

// A path as the number that stands there if odd numbers are never keys.
uint64_t key_at(const std::string& path) {
  uint64_t key = 1 << 20;
  uint64_t step = 1 << 19;
  for (char turn : path) {
    key = turn == 'L' ? key - step : key + step;
    step /= 2;
  }
  return key;
}

class Shapes {
 public:
  static constexpr size_t kMostNodes = 13;

  // From the empty tree on, each insertion into and removal from each shape.
  void explore() {
    meet(AvlTree());
    while (!unexplored_.empty() && !testing::Test::HasFatalFailure()) {
      const std::string shape = *unexplored_.begin();
      unexplored_.erase(unexplored_.begin());
      explore(shape);
    }
  }

  std::vector<size_t> count_by_size() const {
    std::vector<size_t> counts(kMostNodes + 1);
    for (const std::string& shape : known_) ++counts[nodes_in(shape)];
    return counts;
  }

 private:
  static size_t nodes_in(const std::string& shape) {
    return static_cast<size_t>(std::count(shape.begin(), shape.end(), ','));
  }

  void explore(const std::string& shape) {
    const size_t size = nodes_in(shape);
    for (size_t rank = 0; rank < size; ++rank) erase_from(shape, rank);
    if (size == kMostNodes) return;
    for (size_t rank = 0; rank <= size; ++rank) insert_into(shape, rank);
  }

  void build(const std::string& shape, AvlTree& tree) {
    entries_.assign(nodes_in(shape), Entry());
    size_t begin = 0;
    for (Entry& entry : entries_) {
      const size_t end = shape.find(',', begin);
      entry.key = key_at(shape.substr(begin, end - begin));
      tree.insert(&entry, comes_before);
      begin = end + 1;
    }
    ASSERT_EQ(shape_of(tree), shape);
  }

  void erase_from(const std::string& shape, size_t rank) {
    AvlTree tree;
    ASSERT_NO_FATAL_FAILURE(build(shape, tree));
    std::vector<const Node*> expected = nodes_of(tree);
    tree.erase(tree.at(rank));
    expected.erase(expected.begin() + static_cast<ptrdiff_t>(rank));
    ASSERT_EQ(nodes_of(tree), expected)
        << "without " << rank << " in " << shape;
    meet(tree);
  }

  void insert_into(const std::string& shape, size_t rank) {
    AvlTree tree;
    ASSERT_NO_FATAL_FAILURE(build(shape, tree));
    std::vector<const Node*> expected = nodes_of(tree);
    Entry added;
    added.key = rank == 0 ? 0 : key_of(*expected[rank - 1]) + 1;
    tree.insert(&added, comes_before);
    expected.insert(expected.begin() + static_cast<ptrdiff_t>(rank), &added);
    ASSERT_EQ(nodes_of(tree), expected) << "with " << rank << " in " << shape;
    meet(tree);
  }

  void meet(const AvlTree& tree) {
    ASSERT_NO_FATAL_FAILURE(check_tree(tree));
    const std::string shape = shape_of(tree);
    if (known_.insert(shape).second) unexplored_.insert(shape);
  }

  std::set<std::string> known_;
  std::set<std::string> unexplored_;
  std::vector<Entry> entries_;
};

// By induction this covers every order of insertions and removals in trees of
// up to 13 nodes.
TEST(AvlTree, EveryOperationOnEveryShapeLeadsToAShape) {
  Shapes shapes;
  ASSERT_NO_FATAL_FAILURE(shapes.explore());
  // The number of AVL trees with n nodes: https://oeis.org/A006265
  const std::vector<size_t> all = {1,  1,  2,  1,  4,  6,   4,
                                   17, 32, 44, 60, 70, 184, 476};
  EXPECT_EQ(shapes.count_by_size(), all);
}

// --- order, ranks and offsets ----------------------------------------------

void expect_keys_from_0(const AvlTree& tree) {
  uint64_t key = 0;
  for (Node* node = tree.first(); node != nullptr; node = AvlTree::next(node)) {
    ASSERT_EQ(key_of(*node), key);
    ASSERT_EQ(AvlTree::rank_of(node), key);
    ASSERT_EQ(tree.at(key), node);
    ++key;
  }
  ASSERT_EQ(key, tree.size());
  for (Node* node = tree.last(); node != nullptr;
       node = AvlTree::previous(node)) {
    ASSERT_EQ(key_of(*node), --key);
  }
  ASSERT_EQ(key, 0u);
  ASSERT_EQ(tree.at(tree.size()), nullptr);
}

TEST(AvlTree, IsBalancedInWhateverOrderNodesCome) {
  constexpr size_t kCount = 30000;
  for (Order order : kOrders) {
    Entries entries(kCount);
    AvlTree tree;
    for (size_t key : keys_in(order, kCount)) {
      tree.insert(&entries[key], comes_before);
      ASSERT_NO_FATAL_FAILURE(check_path(tree, &entries[key]));
    }
    ASSERT_NO_FATAL_FAILURE(check_tree(tree));
    ASSERT_NO_FATAL_FAILURE(expect_keys_from_0(tree));
    EXPECT_LE(tree.root()->height, greatest_height(kCount));
  }
}

TEST(AvlTree, StaysBalancedInWhateverOrderNodesGo) {
  constexpr size_t kCount = 10000;
  for (Order order : kOrders) {
    Entries entries(kCount);
    AvlTree tree;
    entries.insert_all(tree);
    size_t left = kCount;
    for (size_t key : keys_in(order, kCount)) {
      Node* const next = AvlTree::next(&entries[key]);
      Node* const previous = AvlTree::previous(&entries[key]);
      tree.erase(&entries[key]);
      ASSERT_EQ(tree.size(), --left);
      if (next != nullptr) {
        ASSERT_EQ(AvlTree::previous(next), previous);
      }
      if (previous != nullptr) {
        ASSERT_EQ(AvlTree::next(previous), next);
      }
      ASSERT_NO_FATAL_FAILURE(check_path(tree, next));
      ASSERT_NO_FATAL_FAILURE(check_path(tree, previous));
      if (left % 1000 == 0) {
        ASSERT_NO_FATAL_FAILURE(check_tree(tree));
      }
    }
  }
}

TEST(AvlTree, ErasesItsRootUntilNothingIsLeft) {
  Entries entries(2000);
  AvlTree tree;
  entries.insert_all(tree);
  while (!tree.empty()) {
    tree.erase(&entries[key_of(*tree.root())]);
    ASSERT_NO_FATAL_FAILURE(check_tree(tree));
  }
}

TEST(AvlTree, TakesOutARangeOfRanks) {
  Entries entries(1000);
  AvlTree tree;
  entries.insert_all(tree);
  Node* node = tree.at(100);
  for (int i = 0; i < 800; ++i) {
    Node* const next = AvlTree::next(node);
    tree.erase(node);
    node = next;
  }
  ASSERT_NO_FATAL_FAILURE(check_tree(tree));
  EXPECT_EQ(tree.size(), 200u);
  EXPECT_EQ(tree.at(99), &entries[99]);
  EXPECT_EQ(tree.at(100), &entries[900]);
}

TEST(AvlTree, OffsetsLeadFromEachNodeToEachOther) {
  for (size_t count : {1u, 2u, 3u, 12u, 33u, 150u}) {
    Entries entries(count);
    AvlTree tree;
    for (size_t key : keys_in(Order::random, count)) {
      tree.insert(&entries[key], comes_before);
    }
    const auto end = static_cast<int64_t>(count);
    for (int64_t from = 0; from < end; ++from) {
      Node* const node = &entries[static_cast<size_t>(from)];
      for (int64_t to = -end - 2; to <= 2 * end + 2; ++to) {
        const bool is_there = 0 <= to && to < end;
        ASSERT_EQ(AvlTree::offset(node, to - from),
                  is_there ? &entries[static_cast<size_t>(to)] : nullptr)
            << "from " << from << " to " << to << " of " << end;
      }
    }
  }
}

TEST(AvlTree, OffsetsBeyondAnyTreeLeadNowhere) {
  Entries entries(100);
  AvlTree tree;
  entries.insert_all(tree);
  for (int64_t far : {int64_t{1} << 31, int64_t{1} << 32, int64_t{1} << 33,
                      (int64_t{1} << 32) + 5, INT64_MAX}) {
    EXPECT_EQ(AvlTree::offset(&entries[50], far), nullptr) << far;
    EXPECT_EQ(AvlTree::offset(&entries[50], -far), nullptr) << -far;
    EXPECT_EQ(AvlTree::offset(&entries[0], far), nullptr) << far;
    EXPECT_EQ(AvlTree::offset(&entries[99], -far), nullptr) << -far;
  }
  for (size_t i = 0; i < 100; ++i) {
    EXPECT_EQ(AvlTree::offset(&entries[i], INT64_MIN), nullptr);
    EXPECT_EQ(AvlTree::offset(&entries[i], INT64_MAX), nullptr);
  }
}

TEST(AvlTree, LowerBoundsFallBetweenAllNodes) {
  Entries entries(300);
  for (size_t i = 0; i < entries.size(); ++i) entries[i].key = 3 * i + 1;
  AvlTree tree;
  entries.insert_all(tree);
  for (uint64_t key = 0; key <= 3 * entries.size(); ++key) {
    const uint64_t rank = (key + 1) / 3;
    Node* const expected = rank < entries.size() ? &entries[rank] : nullptr;
    ASSERT_EQ(tree.lower_bound(is_below(key)), expected) << "key " << key;
  }
}

TEST(AvlTree, PutsEqualNodesBehindEachOther) {
  Entries entries(900);
  for (size_t i = 0; i < entries.size(); ++i) entries[i].key = i / 3 % 5;
  AvlTree tree;
  entries.insert_all(tree);
  ASSERT_NO_FATAL_FAILURE(check_tree(tree));
  for (const Node* node = tree.first(); AvlTree::next(node) != nullptr;
       node = AvlTree::next(node)) {
    const Node* const next = AvlTree::next(node);
    if (key_of(*node) == key_of(*next)) {
      ASSERT_LT(node, next) << "came later";
    }
  }
}

TEST(AvlTree, ComparesNoMoreOftenThanItIsHigh) {
  constexpr size_t kCount = 50000;
  Entries entries(kCount);
  AvlTree tree;
  size_t comparisons = 0;
  for (size_t key : keys_in(Order::random, kCount)) {
    const auto most = static_cast<size_t>(greatest_height(tree.size()));
    comparisons = 0;
    tree.insert(&entries[key], [&](const Node& a, const Node& b) {
      ++comparisons;
      return comes_before(a, b);
    });
    ASSERT_LE(comparisons, most);
    comparisons = 0;
    tree.lower_bound([&](const Node& node) {
      ++comparisons;
      return key_of(node) < key;
    });
    ASSERT_LE(comparisons, most + 1);
  }
}

// --- random operations against a model -------------------------------------

class ModelCheck {
 public:
  ModelCheck(uint64_t seed, size_t keys) : random_(seed), entries_(keys) {}

  // Phases of growth and of shrinking alternate. Small trees are checked as a
  // whole after each operation, large ones along the path that it took.
  void run(size_t operations) {
    for (size_t i = 0; i < operations; ++i) {
      if (i % (2 * entries_.size()) == 0) insert_percent_ = random_() % 101;
      const uint64_t key = random_() % entries_.size();
      random_() % 100 < insert_percent_ ? insert(key) : erase(key);
      ask(random_() % entries_.size());
      if (testing::Test::HasFatalFailure()) return;
    }
    ASSERT_NO_FATAL_FAILURE(check_tree(tree_));
  }

 private:
  static constexpr size_t kSmall = 48;

  void insert(uint64_t key) {
    if (!model_.insert(key).second) return;
    tree_.insert(&entries_[key], comes_before);
    check_around(key);
  }

  void erase(uint64_t key) {
    if (model_.erase(key) == 0) return;
    tree_.erase(&entries_[key]);
    check_around(key);
  }

  void check_around(uint64_t key) {
    ASSERT_EQ(tree_.size(), model_.size());
    if (entries_.size() <= kSmall) return check_tree(tree_);
    const auto after = model_.lower_bound(key);
    if (after != model_.end()) check_path(tree_, &entries_[*after]);
    if (after != model_.begin()) check_path(tree_, &entries_[*prev(after)]);
  }

  void ask(uint64_t key) {
    const auto found = model_.lower_bound(key);
    Node* const node = tree_.lower_bound(is_below(key));
    const bool is_there = found != model_.end();
    ASSERT_EQ(node, is_there ? &entries_[*found] : nullptr);
    if (!is_there) return;
    const size_t rank = AvlTree::rank_of(node);
    ASSERT_EQ(tree_.at(rank), node);
    const auto other = static_cast<size_t>(random_() % tree_.size());
    ASSERT_EQ(AvlTree::offset(node, static_cast<int64_t>(other - rank)),
              tree_.at(other));
    if (entries_.size() > kSmall) return;
    const auto counted = std::distance(model_.begin(), found);
    ASSERT_EQ(rank, static_cast<size_t>(counted));
  }

  Random random_;
  Entries entries_;
  AvlTree tree_;
  std::set<uint64_t> model_;
  uint64_t insert_percent_ = 50;
};

TEST(AvlTree, AgreesWithAModelWhileSmall) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    ModelCheck check(seed, 2 + seed * 2);
    ASSERT_NO_FATAL_FAILURE(check.run(20000));
  }
}

TEST(AvlTree, AgreesWithAModelWhileLarge) {
  for (size_t keys : {500u, 20000u}) {
    SCOPED_TRACE(std::to_string(keys) + " keys");
    ModelCheck check(keys, keys);
    ASSERT_NO_FATAL_FAILURE(check.run(250000));
  }
}

}  // namespace
}  // namespace klh
