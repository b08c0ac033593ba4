// A balanced search tree that knows ranks: an AVL tree with its nodes embedded
// in the caller's entries, each of which counts the nodes below it.
//
//                   d:6              letter:size
//                /       \           .
//             b:3         e:2        d comes after its whole left side, so its
//            /   \           \       rank is 3; f is the right child of e, the
//         a:1     c:1         f:1    right child of d: 3 + 1 + 0 + 1 + 0 = 5
//
// Invariants
// - In order: everything on the left of a node comes before it, everything on
//   its right does not. The order is the caller's: whoever changes what it
//   depends on must erase the node and insert it again.
// - Balanced: the heights of a node's two sides differ by at most 1. So a tree
//   of n nodes is at most 1.44 log2(n) high: 28 for a million.
// - size and height of a node count itself and both sides. Each child's parent
//   points back; the root's is nullptr.
//
// Every operation is one walk along one path, downwards or upwards, without
// recursion: O(log n), unless it says otherwise. next and previous are O(1) on
// average over a walk through the whole tree. Nodes keep their addresses.
//
// Why not a skip list, as Redis has: where it counts ranks it takes no less
// memory, a search makes twice the comparisons, each a cache miss, and its
// bounds hold only with high probability. Why not a B-tree, which misses the
// cache least: its elements move, and here each is in a hash table as well.
//
// Ownership. The tree owns nothing and has no destructor: whoever owns the
// nodes may free them all and forget the tree.
//
// It does not: allocate, compare by itself, notice two equal nodes, lock.
#pragma once

#include <cstddef>
#include <cstdint>

namespace klh {

class AvlTree {
 public:
  // To be embedded as a base class: struct Entry : AvlTree::Node { ... };
  struct Node {
    Node* parent = nullptr;
    Node* child[2] = {nullptr, nullptr};  // kLeft and kRight
    uint32_t size = 1;
    uint8_t height = 1;
  };

  // Sides are numbers, so that 1 - side is the other one and each operation is
  // written once for both.
  static constexpr int kLeft = 0;
  static constexpr int kRight = 1;

  AvlTree() = default;
  AvlTree(const AvlTree&) = delete;
  AvlTree& operator=(const AvlTree&) = delete;

  size_t size() const { return root_ == nullptr ? 0 : root_->size; }
  bool empty() const { return root_ == nullptr; }
  // Returns the root, through which a test sees the shape; nullptr if the tree
  // is empty.
  const Node* root() const { return root_; }

  // Puts in a node that is in no tree, behind those that it equals.
  // less(const Node&, const Node&): does the first come before the second?
  template <class Less>
  void insert(Node* node, Less less);

  // Leaves the tree empty; the nodes keep their links. O(1).
  void forget() { root_ = nullptr; }

  // Takes out a node of this tree; its links are as new afterwards.
  void erase(Node* node);

  // Returns the first node for which is_before(const Node&) is false, or
  // nullptr. Requires: `is_before` is true for a first part of the nodes, none
  // or all of them included, and false for the rest.
  template <class IsBefore>
  Node* lower_bound(IsBefore is_before) const;

  // Return the smallest and the greatest; nullptr if the tree is empty.
  Node* first() const { return outermost(root_, kLeft); }
  Node* last() const { return outermost(root_, kRight); }

  // Returns the node with `rank` nodes before it, nullptr if rank >= size().
  Node* at(size_t rank) const;

  // Returns how many nodes come before this one.
  static size_t rank_of(const Node* node);

  // Return the node after or before this one, or nullptr.
  static Node* next(const Node* node) { return neighbour(node, kRight); }
  static Node* previous(const Node* node) { return neighbour(node, kLeft); }

  // Returns the node `distance` places further on, or back if it is negative;
  // nullptr if there are not that many. O(log n) also for a long way, and about
  // O(log distance) for most short ones.
  static Node* offset(Node* node, int64_t distance);

 private:
  static Node* outermost(Node* node, int side);
  static Node* neighbour(const Node* node, int side);

  static void rotate(Node** slot, int side);
  static void balance(Node** slot);
  Node** slot_of(Node* node);
  void link(Node* node, Node* parent, Node** slot);
  Node* unlink(Node* node);
  void replace(Node* node, Node* with);
  static void add_to_sizes(Node* node, int change);
  void rebalance_from(Node* node);

  Node* root_ = nullptr;
};

static_assert(sizeof(AvlTree::Node) == 32);

template <class Less>
void AvlTree::insert(Node* node, Less less) {
  const Node& added = *node;
  Node* parent = nullptr;
  Node** slot = &root_;
  while (*slot != nullptr) {
    parent = *slot;
    slot = &parent->child[less(added, *parent) ? kLeft : kRight];
  }
  link(node, parent, slot);
}

template <class IsBefore>
AvlTree::Node* AvlTree::lower_bound(IsBefore is_before) const {
  Node* bound = nullptr;
  Node* node = root_;
  while (node != nullptr) {
    if (is_before(static_cast<const Node&>(*node))) {
      node = node->child[kRight];
    } else {
      bound = node;
      node = node->child[kLeft];
    }
  }
  return bound;
}

}  // namespace klh
