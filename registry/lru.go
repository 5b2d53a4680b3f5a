package registry

import (
	"container/list"
	"sync"
)

// maxMemory limits the manifests, configs and layers in memory, in bytes: some ten
// thousand of usual size.
const maxMemory = 64 << 20

// lru caches parsed documents by repository and digest: a document of one repository
// does not prove that another one has it. The least recently used are removed first.
type lru struct {
	mu    sync.Mutex
	limit int
	size  int
	order *list.List // of *lruEntry, newest in front
	byKey map[string]*list.Element
}

type lruEntry struct {
	key   string
	value any
	size  int
}

func newLRU(limit int) *lru {
	return &lru{limit: limit, order: list.New(), byKey: map[string]*list.Element{}}
}

func (c *lru) get(key string) (any, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byKey[key]
	if !ok {
		return nil, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*lruEntry).value, true
}

func (c *lru) drop(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byKey[key]; ok {
		c.removeLocked(e)
	}
}

func (c *lru) removeLocked(e *list.Element) {
	old := c.order.Remove(e).(*lruEntry)
	delete(c.byKey, old.key)
	c.size -= old.size
}

// put stores a value that was parsed from raw bytes. Parsed, it takes about three
// times as much memory.
func (c *lru) put(key string, value any, raw int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.byKey[key]; ok {
		return
	}
	e := &lruEntry{key, value, 3*raw + 512}
	c.byKey[key] = c.order.PushFront(e)
	for c.size += e.size; c.size > c.limit; {
		c.removeLocked(c.order.Back())
	}
}
