// Subscriptions by prefix: a trie with compressed edges. Matching a topic costs its length, however
// many prefixes there are; memory follows the bytes in which prefixes differ.
//
//   add('news.eu'), add('news.us'), add('')        (root: '')
//                                                     └─ 'news.'
//                                                          ├─ 'eu'   holders
//                                                          └─ 'us'   holders

class TrieNode<T> {
  edge: Uint8Array // the bytes between the parent and this node
  parent: TrieNode<T> | undefined
  children = new Map<number, TrieNode<T>>() // by the first byte of their edge
  holders = new Set<T>()

  constructor(edge: Uint8Array, parent?: TrieNode<T>) {
    this.edge = edge
    this.parent = parent
    parent?.children.set(edge[0] as number, this)
  }
}

/** A set of (prefix, holder) pairs. */
export class Trie<T> {
  readonly #root = new TrieNode<T>(new Uint8Array(0))
  readonly #held = new Map<T, Set<TrieNode<T>>>()

  /** True if the prefix had no holder before. Adding the same pair again changes nothing. */
  add(prefix: Uint8Array, holder: T): boolean {
    const node = this.#nodeFor(prefix)
    const before = node.holders.size
    node.holders.add(holder)
    const held = this.#held.get(holder)
    if (held) held.add(node)
    else this.#held.set(holder, new Set([node]))
    return before === 0
  }

  /** Whether this holder holds exactly this prefix. */
  has(prefix: Uint8Array, holder: T): boolean {
    return this.#find(prefix)?.holders.has(holder) ?? false
  }

  /** True if the prefix has no holder any more; false too if the pair was not there. */
  remove(prefix: Uint8Array, holder: T): boolean {
    const node = this.#find(prefix)
    return node !== undefined && this.#release(node, holder)
  }

  /** Removes all of a holder's prefixes; `gone` gets those that nobody holds any more. Costs what it held. */
  removeHolder(holder: T, gone: (prefix: Uint8Array) => void): void {
    for (const node of this.#held.get(holder) ?? []) {
      const prefix = prefixOf(node)
      if (this.#release(node, holder)) gone(prefix)
    }
  }

  /** All prefixes of one holder. */
  prefixesOf(holder: T): Uint8Array[] {
    return [...(this.#held.get(holder) ?? [])].map(prefixOf)
  }

  #release(node: TrieNode<T>, holder: T): boolean {
    if (!node.holders.delete(holder)) return false
    const held = this.#held.get(holder)
    held?.delete(node)
    if (held?.size === 0) this.#held.delete(holder)
    if (node.holders.size > 0) return false
    prune(node)
    return true
  }

  /** Calls `visit` for each holder of each prefix of `topic`; a holder of several is visited several times. */
  match(topic: Uint8Array, visit: (holder: T) => void): void {
    let node: TrieNode<T> | undefined = this.#root
    for (let at = 0; node && startsAt(topic, at, node.edge); ) {
      for (const holder of node.holders) visit(holder)
      at += node.edge.length
      if (at >= topic.length) return
      node = node.children.get(topic[at] as number)
    }
  }

  /** Whether any prefix of `topic` is held. */
  matches(topic: Uint8Array): boolean {
    let node: TrieNode<T> | undefined = this.#root
    for (let at = 0; node && startsAt(topic, at, node.edge); ) {
      if (node.holders.size > 0) return true
      at += node.edge.length
      if (at >= topic.length) return false
      node = node.children.get(topic[at] as number)
    }
    return false
  }

  /** All prefixes that are held. */
  prefixes(): Uint8Array[] {
    const nodes = new Set([...this.#held.values()].flatMap((held) => [...held]))
    return [...nodes].map(prefixOf)
  }

  #find(prefix: Uint8Array): TrieNode<T> | undefined {
    let node = this.#root
    for (let at = 0; at < prefix.length; at += node.edge.length) {
      const child = node.children.get(prefix[at] as number)
      if (child === undefined || !startsAt(prefix, at, child.edge)) return undefined
      node = child
    }
    return node
  }

  #nodeFor(prefix: Uint8Array): TrieNode<T> {
    let node = this.#root
    for (let at = 0; at < prefix.length; ) {
      const child = node.children.get(prefix[at] as number)
      // A copy: the edge must not keep the memory of the frame it came in.
      if (child === undefined) return new TrieNode(new Uint8Array(prefix.subarray(at)), node)
      const shared = sharedLength(prefix, at, child.edge)
      node = shared === child.edge.length ? child : split(child, shared)
      at += shared
    }
    return node
  }
}

/** Puts a node in the middle of a child's edge. */
function split<T>(child: TrieNode<T>, at: number): TrieNode<T> {
  const middle = new TrieNode<T>(child.edge.slice(0, at), child.parent)
  child.edge = child.edge.slice(at)
  child.parent = middle
  middle.children.set(child.edge[0] as number, child)
  return middle
}

/** Takes out a node that holds nothing, and joins edges that no longer fork. */
function prune<T>(node: TrieNode<T>): void {
  const { parent } = node
  if (parent === undefined || node.holders.size > 0 || node.children.size > 1) return
  const first = node.edge[0] as number
  if (node.children.size === 0) {
    parent.children.delete(first)
    return prune(parent)
  }
  for (const only of node.children.values()) {
    only.edge = joined([node.edge, only.edge])
    only.parent = parent
    parent.children.set(first, only)
  }
}

function prefixOf<T>(node: TrieNode<T>): Uint8Array {
  const edges: Uint8Array[] = []
  for (let at: TrieNode<T> | undefined = node; at; at = at.parent) edges.unshift(at.edge)
  return joined(edges)
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let end = 0
  for (const part of parts) {
    whole.set(part, end)
    end += part.length
  }
  return whole
}

function startsAt(text: Uint8Array, at: number, part: Uint8Array): boolean {
  if (text.length - at < part.length) return false
  for (let i = 0; i < part.length; i++) if (text[at + i] !== part[i]) return false
  return true
}

function sharedLength(text: Uint8Array, at: number, part: Uint8Array): number {
  let n = 0
  while (n < part.length && at + n < text.length && text[at + n] === part[n]) n++
  return n
}
