package places

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestRemember(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "places.json")
	s := At(path)
	if got := s.Recent(); got != nil {
		t.Fatalf("a new store contains %v", got)
	}
	for _, p := range []string{"a", "b", "a", "c"} {
		s.Remember(p)
	}
	if got, want := At(path).Recent(), []string{"c", "a", "b"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for i := range 2 * MaxPlaces {
		s.Remember(fmt.Sprint(i))
	}
	if got := s.Recent(); len(got) != MaxPlaces || got[0] != fmt.Sprint(2*MaxPlaces-1) {
		t.Errorf("kept %d places, newest %q", len(got), got[0])
	}
}

func TestRecent_damagedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "places.json")
	if err := os.WriteFile(path, []byte(`["half`), 0o600); err != nil {
		t.Fatal(err)
	}
	s := At(path)
	if got := s.Recent(); got != nil {
		t.Errorf("read %v from a damaged file", got)
	}
	s.Remember("x")
	if got := s.Recent(); !slices.Equal(got, []string{"x"}) {
		t.Errorf("got %v after the next write", got)
	}
}
