package model

import (
	"errors"
	"testing"
)

// TestMergeErrors checks that errors of two sides become one only where that loses nothing.
func TestMergeErrors(t *testing.T) {
	of := func(message, subject, next string) error {
		return &ReadError{Message: message, Subject: subject, Next: next}
	}
	for name, tt := range map[string]struct {
		a, b error
		want string // "" if they stay apart
	}{
		"the same":          {of("r is down", "", "start it"), of("r is down", "", "start it"), "r is down; start it"},
		"plain":             {errors.New("no"), errors.New("no"), "no"},
		"another name":      {of("r denies access to app:a (no)", "app:a", "log in"), of("r denies access to app:b (no)", "app:b", "log in"), "r denies access to app:a (no), and the same for app:b; log in"},
		"another reason":    {of("r denies access to app:a (no)", "app:a", "log in"), of("r denies access to app:b (never)", "app:b", "log in"), "r denies access to app:a (no), and r denies access to app:b (never); log in"},
		"a name at the end": {of("r has no tag a", "no tag a", "look"), of("r has no tag b", "no tag b", "look"), "r has no tag a and no tag b; look"},
		"another host":      {of("r denies app:a", "app:a", "log in"), of("s denies app:a", "app:a", "log in"), "r denies app:a, and s denies app:a; log in"},
		"another step":      {of("r denies app:a", "app:a", "log in"), of("r denies app:b", "app:b", "wait"), ""},
		"no subject":        {of("r has no tag a", "", "look"), of("r has no tag b", "", "look"), "r has no tag a, and r has no tag b; look"},
		"plain, another":    {errors.New("no"), errors.New("never"), ""},
		"plain and other":   {errors.New("no"), of("r is down", "", "start it"), ""},
	} {
		got, ok := MergeErrors(tt.a, tt.b)
		if ok != (tt.want != "") || ok && got.Error() != tt.want {
			t.Errorf("%s: got %v, %v, want %q", name, got, ok, tt.want)
		}
	}
}
