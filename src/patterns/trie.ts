// Subscriptions by prefix: a trie with compressed edges. Matching a topic costs its length, however
// many prefixes there are; memory follows the bytes in which prefixes differ.
//
//   add('news.eu'), add('news.us'), add('')        (root: '')
//                                                     └─ 'news.'
//                                                          ├─ 'eu'   holders
//                                                          └─ 'us'   holders

class TrieNode<T> {
  edge: Uint8Array // the bytes between the parent and this node
  children = new Map<number, TrieNode<T>>() // by the first byte of their edge
  holders = new Set<T>()

  constructor(edge: Uint8Array) {
    this.edge = edge
  }
}

/** A set of (prefix, holder) pairs. */
export class Trie<T> {
  readonly #root = new TrieNode<T>(new Uint8Array(0))

  /** True if the prefix had no holder before. Adding the same pair again changes nothing. */
  add(prefix: Uint8Array, holder: T): boolean {
    const node = this.#nodeFor(prefix)
    node.holders.add(holder)
    return node.holders.size === 1
  }

  /** Whether this holder holds exactly this prefix. */
  has(prefix: Uint8Array, holder: T): boolean {
    return this.#path(prefix)?.at(-1)?.holders.has(holder) ?? false
  }

  /** True if the prefix has no holder any more; false too if the pair was not there. */
  remove(prefix: Uint8Array, holder: T): boolean {
    const path = this.#path(prefix)
    const node = path?.at(-1)
    if (path === undefined || !node?.holders.delete(holder) || node.holders.size > 0) return false
    prune(path)
    return true
  }

  /** Removes all of a holder's prefixes; `gone` gets those that nobody holds any more. */
  removeHolder(holder: T, gone: (prefix: Uint8Array) => void): void {
    const held: Uint8Array[] = []
    walk(this.#root, [], (prefix, node) => {
      if (node.holders.has(holder)) held.push(Uint8Array.from(prefix))
    })
    for (const prefix of held) if (this.remove(prefix, holder)) gone(prefix)
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
    const all: Uint8Array[] = []
    walk(this.#root, [], (prefix, node) => {
      if (node.holders.size > 0) all.push(Uint8Array.from(prefix))
    })
    return all
  }

  /** The nodes from the root to the prefix, if it ends at a node. */
  #path(prefix: Uint8Array): TrieNode<T>[] | undefined {
    const path = [this.#root]
    for (let at = 0; at < prefix.length; ) {
      const child = path.at(-1)?.children.get(prefix[at] as number)
      if (child === undefined || !startsAt(prefix, at, child.edge)) return undefined
      path.push(child)
      at += child.edge.length
    }
    return path
  }

  #nodeFor(prefix: Uint8Array): TrieNode<T> {
    let node = this.#root
    for (let at = 0; at < prefix.length; ) {
      const first = prefix[at] as number
      const child = node.children.get(first)
      if (child === undefined) {
        const leaf = new TrieNode<T>(new Uint8Array(prefix.subarray(at))) // a copy: the frame's memory goes
        node.children.set(first, leaf)
        return leaf
      }
      const shared = sharedLength(prefix, at, child.edge)
      node = shared === child.edge.length ? child : split(node, child, shared)
      at += shared
    }
    return node
  }
}

/** Puts a node in the middle of a child's edge. */
function split<T>(parent: TrieNode<T>, child: TrieNode<T>, at: number): TrieNode<T> {
  const middle = new TrieNode<T>(child.edge.slice(0, at))
  parent.children.set(middle.edge[0] as number, middle)
  child.edge = child.edge.slice(at)
  middle.children.set(child.edge[0] as number, child)
  return middle
}

/** Takes out nodes at the end of a path that hold nothing, and joins edges that no longer fork. */
function prune<T>(path: TrieNode<T>[]): void {
  for (let i = path.length - 1; i > 0; i--) {
    const node = path[i] as TrieNode<T>
    const parent = path[i - 1] as TrieNode<T>
    if (node.holders.size > 0 || node.children.size > 1) return
    const first = node.edge[0] as number
    if (node.children.size === 0) {
      parent.children.delete(first)
      continue
    }
    for (const only of node.children.values()) {
      only.edge = Uint8Array.of(...node.edge, ...only.edge)
      parent.children.set(first, only)
    }
    return
  }
}

function walk<T>(
  node: TrieNode<T>,
  before: number[],
  visit: (prefix: number[], node: TrieNode<T>) => void,
): void {
  const prefix = [...before, ...node.edge]
  visit(prefix, node)
  for (const child of node.children.values()) walk(child, prefix, visit)
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
