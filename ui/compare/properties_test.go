package compare

import "testing"

func TestExactText(t *testing.T) {
	for in, want := range map[string]string{
		"210781":                         "210,781 B",
		"2026-11-29T13:28:32.943Z":       "29 Nov 2026 13:28:32.943 UTC",
		"2026-11-29T14:28:32.5+01:00":    "29 Nov 2026 13:28:32.5 UTC",
		"3 in 5 steps":                   "3 in 5 steps",
		"2026-11-29T13:28:32.000000001Z": "29 Nov 2026 13:28:32.000000001 UTC",
	} {
		if got := exactText(in); got.String() != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}
