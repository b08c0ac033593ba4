#include "common/avl_tree.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <limits>

namespace klh {

namespace {

using Node = AvlTree::Node;

constexpr int kLeft = AvlTree::kLeft;
constexpr int kRight = AvlTree::kRight;

uint32_t size_of(const Node* node) {
  return node == nullptr ? 0 : node->size;
}

int height_of(const Node* node) {
  return node == nullptr ? 0 : node->height;
}

void update_size(Node* node) {
  node->size = size_of(node->child[kLeft]) + 1 + size_of(node->child[kRight]);
}

void update_height(Node* node) {
  const int higher =
      std::max(height_of(node->child[kLeft]), height_of(node->child[kRight]));
  node->height = static_cast<uint8_t>(higher + 1);
}

// Tells which child of its parent a node is.
int side_of(const Node* node) {
  return node->parent->child[kRight] == node ? kRight : kLeft;
}

}  // namespace

void AvlTree::erase(Node* node) {
  Node* changed;
  if (node->child[kLeft] == nullptr || node->child[kRight] == nullptr) {
    changed = unlink(node);
  } else {
    // The next node has no left child, so it is easy to take out, and it may
    // stand where this one stood.
    Node* const heir = outermost(node->child[kRight], kLeft);
    changed = unlink(heir);
    if (changed == node) changed = heir;
    replace(node, heir);
  }
  add_to_sizes(changed, -1);
  rebalance_from(changed);
  *node = Node{};
}

AvlTree::Node* AvlTree::at(size_t rank) const {
  if (rank >= size()) return nullptr;
  Node* node = root_;
  while (true) {
    const size_t before = size_of(node->child[kLeft]);
    if (rank == before) return node;
    if (rank < before) {
      node = node->child[kLeft];
    } else {
      rank -= before + 1;
      node = node->child[kRight];
    }
  }
}

size_t AvlTree::rank_of(const Node* node) {
  size_t rank = size_of(node->child[kLeft]);
  for (; node->parent != nullptr; node = node->parent) {
    if (side_of(node) == kLeft) continue;
    rank += size_of(node->parent->child[kLeft]) + 1;
  }
  return rank;
}

// Goes up until the target is below the node, then down to it. `distance` is
// always what is left to go.
AvlTree::Node* AvlTree::offset(Node* node, int64_t distance) {
  constexpr int64_t kFarthest = std::numeric_limits<uint32_t>::max();
  if (distance < -kFarthest || distance > kFarthest) return nullptr;
  while (distance != 0) {
    const int side = distance > 0 ? kRight : kLeft;
    if (std::abs(distance) <= int64_t{size_of(node->child[side])}) {
      node = node->child[side];
      const int64_t step = int64_t{size_of(node->child[1 - side])} + 1;
      distance -= side == kRight ? step : -step;
    } else if (node->parent == nullptr) {
      return nullptr;
    } else {
      const int from = side_of(node);
      const int64_t step = int64_t{size_of(node->child[1 - from])} + 1;
      distance += from == kRight ? step : -step;
      node = node->parent;
    }
  }
  return node;
}

AvlTree::Node* AvlTree::outermost(Node* node, int side) {
  if (node == nullptr) return nullptr;
  while (node->child[side] != nullptr) node = node->child[side];
  return node;
}

// Returns the nearest node on that side: the innermost below, else the first
// one above that the way up reaches from its other side.
AvlTree::Node* AvlTree::neighbour(const Node* node, int side) {
  if (node->child[side] != nullptr) {
    return outermost(node->child[side], 1 - side);
  }
  while (node->parent != nullptr && side_of(node) == side) node = node->parent;
  return node->parent;
}

// Raises the child on `side` into the place of its parent, *slot. The order
// stays: c, between the two, changes hands.
//
//        slot                   slot
//         |                      |
//        top          ->        up          here side is kLeft
//       /   \                  /  \         .
//     up     d                b    top
//    /  \                         /   \     .
//   b    c                       c     d
void AvlTree::rotate(Node** slot, int side) {
  Node* const top = *slot;
  Node* const up = top->child[side];
  Node* const between = up->child[1 - side];
  top->child[side] = between;
  if (between != nullptr) between->parent = top;
  up->child[1 - side] = top;
  up->parent = top->parent;
  top->parent = up;
  *slot = up;
  up->size = top->size;
  update_size(top);
  update_height(top);
  update_height(up);
}

// Restores the balance of *slot, whose sides are balanced and differ in height
// by at most 2. Where the higher side is high by its inner child, one rotation
// would only move the height over; that child is raised first.
void AvlTree::balance(Node** slot) {
  Node* const node = *slot;
  const int difference =
      height_of(node->child[kRight]) - height_of(node->child[kLeft]);
  if (std::abs(difference) < 2) return;
  const int side = difference > 0 ? kRight : kLeft;
  const Node* const high = node->child[side];
  if (height_of(high->child[1 - side]) > height_of(high->child[side])) {
    rotate(&node->child[side], 1 - side);
  }
  rotate(slot, side);
}

// Returns the pointer that points at a node: its parent's, or the root.
AvlTree::Node** AvlTree::slot_of(Node* node) {
  if (node->parent == nullptr) return &root_;
  return &node->parent->child[side_of(node)];
}

// Puts a node into an empty slot of `parent`, or of the tree if that is empty.
void AvlTree::link(Node* node, Node* parent, Node** slot) {
  assert(*slot == nullptr && size() < std::numeric_limits<uint32_t>::max());
  *node = Node{};
  node->parent = parent;
  *slot = node;
  add_to_sizes(parent, 1);
  rebalance_from(parent);
}

// Puts the only child of a node, if it has any, into its place. Returns the
// lowest node that has lost one below it.
AvlTree::Node* AvlTree::unlink(Node* node) {
  Node* const left = node->child[kLeft];
  Node* const only = left != nullptr ? left : node->child[kRight];
  *slot_of(node) = only;
  if (only != nullptr) only->parent = node->parent;
  return node->parent;
}

// Gives the place of a node, with all its links, to one that is unlinked.
void AvlTree::replace(Node* node, Node* with) {
  *slot_of(node) = with;
  *with = *node;
  for (Node* const child : node->child) {
    if (child != nullptr) child->parent = with;
  }
}

// Adds to the size of a node that has one more below it, or one less, and to
// the sizes of all above.
void AvlTree::add_to_sizes(Node* node, int change) {
  for (; node != nullptr; node = node->parent) {
    node->size += static_cast<uint32_t>(change);
  }
}

// Balances a node one of whose sides has become higher or lower, and those
// above it as far as that makes a difference. It does not go all the way up:
// heights are read from the sides, which a walk along one path has not in its
// cache.
void AvlTree::rebalance_from(Node* node) {
  while (node != nullptr) {
    Node** const slot = slot_of(node);
    Node* const parent = node->parent;
    const int old_height = node->height;
    update_height(node);
    balance(slot);
    if ((*slot)->height == old_height) return;
    node = parent;
  }
}

}  // namespace klh
