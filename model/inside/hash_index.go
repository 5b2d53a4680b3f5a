package inside

import (
	"hash/maphash"
	"math/bits"
)

// hashIndex finds numbers by a hash of what they stand for. It takes 5 to 11 bytes for a number,
// a tenth of what a Go map with paths as keys takes. Numbers are 0, 1, 2 and so on, and below
// 2^24: limits keep lists far below that.
type hashIndex struct {
	// slots are a power of two of them: 0, or number + 1 with 8 bits of the hash above it, so that
	// most others are skipped without a look at what they stand for.
	slots []uint32
	n     int
}

const (
	tagShift   = 24
	numberMask = 1<<tagShift - 1
)

// seed makes hashes that an archive cannot foresee: else its names could all collide.
var seed = maphash.MakeSeed()

// hashOf is the hash of a name in a folder.
func hashOf(folder int32, name string, c class) uint64 {
	const spread = 0x9e3779b97f4a7c15                                                // an odd number without a pattern
	return maphash.String(seed, name) ^ (uint64(uint32(folder))<<2|uint64(c))*spread //nolint:gosec // any bits will do
}

func tagOf(hash uint64) uint32 { return uint32(hash>>56) << tagShift } //nolint:gosec // 8 bits

// search yields the numbers that were added with a hash, and a few others.
type search struct {
	slots []uint32
	at    uint64
	tag   uint32
	value int32
}

func (x *hashIndex) search(hash uint64) search {
	return search{slots: x.slots, at: hash, tag: tagOf(hash)}
}

func (s *search) next() bool {
	if len(s.slots) == 0 {
		return false
	}
	for mask := uint64(len(s.slots) - 1); ; {
		slot := s.slots[s.at&mask]
		s.at++
		switch {
		case slot == 0:
			return false
		case slot&^numberMask == s.tag:
			s.value = int32(slot&numberMask) - 1 //nolint:gosec // 24 bits
			return true
		}
	}
}

// add adds the next number. hashOf returns the hash of a number that was added before.
func (x *hashIndex) add(hash uint64, hashOf func(int) uint64) {
	if len(x.slots) < slotsFor(x.n+1) {
		x.slots = make([]uint32, slotsFor(x.n+1))
		for i := range x.n {
			x.place(hashOf(i), i)
		}
	}
	x.place(hash, x.n)
	x.n++
}

// slotsFor returns the number of slots for n numbers: a quarter of them or more stays free.
func slotsFor(n int) int {
	const smallest = 64
	return max(smallest, 1<<bits.Len(uint(n*4/3)))
}

func (x *hashIndex) place(hash uint64, number int) {
	mask := uint64(len(x.slots) - 1)
	at := hash
	for x.slots[at&mask] != 0 {
		at++
	}
	x.slots[at&mask] = uint32(number+1) | tagOf(hash) //nolint:gosec // below 2^24
}
