package transport

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// TestRedactURLs_noURL checks that no URL remains in a network error.
func TestRedactURLs_noURL(t *testing.T) {
	for _, err := range []error{
		&url.Error{Op: "Get", URL: "https://cdn.example/x?sig=signature", Err: errors.New("refused")},
		fmt.Errorf("failed to parse Location header %q: %w", "http://[x?sig=signature", errors.New("bad")),
		&url.Error{Op: "Get", URL: "https://a/", Err: fmt.Errorf("failed to parse Location header %q: %w", "http://[x?sig=signature", errors.New("bad"))},
		fmt.Errorf("invalid proxy address %q: %w", "http://me:hunter22@ proxy", errors.New("bad")),
	} {
		if got := redactURLs(err).Error(); strings.Contains(got, "signature") || strings.Contains(got, "hunter22") || got == "" {
			t.Errorf("%v becomes %q", err, got)
		}
	}
}
