package inside

import "hash/maphash"

// hashIndex finds numbers by a hash of what they stand for. It takes 4 to 8 bytes for a number,
// a tenth of what a Go map with paths as keys takes. Numbers are 0, 1, 2 and so on.
type hashIndex struct {
	slots []int32 // number + 1, or 0; a power of two of them
	n     int
}

// seed makes hashes that an archive cannot foresee: else its names could all collide.
var seed = maphash.MakeSeed()

// hashOf is the hash of a name in a folder.
func hashOf(folder int32, name string, c class) uint64 {
	const spread = 0x9e3779b97f4a7c15                                                // an odd number without a pattern
	return maphash.String(seed, name) ^ (uint64(uint32(folder))<<2|uint64(c))*spread //nolint:gosec // any bits will do
}

// search yields the numbers that were added with a hash, and some others.
type search struct {
	slots []int32
	at    uint64
	value int32
}

func (x *hashIndex) search(hash uint64) search { return search{slots: x.slots, at: hash} }

func (s *search) next() bool {
	if len(s.slots) == 0 {
		return false
	}
	slot := s.slots[s.at&uint64(len(s.slots)-1)]
	s.at++
	s.value = slot - 1
	return slot != 0
}

// add adds the next number. hashOf returns the hash of a number that was added before.
func (x *hashIndex) add(hash uint64, hashOf func(int) uint64) {
	if len(x.slots) < (x.n+1)*4/3+1 {
		x.slots = make([]int32, max(64, 2*len(x.slots)))
		for i := range x.n {
			x.place(hashOf(i), i)
		}
	}
	x.place(hash, x.n)
	x.n++
}

func (x *hashIndex) place(hash uint64, number int) {
	mask := uint64(len(x.slots) - 1)
	for x.slots[hash&mask] != 0 {
		hash++
	}
	x.slots[hash&mask] = int32(number + 1) //nolint:gosec // maxEntries limits it
}
