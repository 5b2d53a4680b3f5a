package jsondoc

import (
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPrettyJSON(t *testing.T) {
	tests := []struct {
		raw, want string
		ok        bool
	}{
		{`{"b":1.50,"a":[1,{"x":null}],"c":{},"d":[]}`, "{\n  \"a\": [\n    1,\n    {\n      \"x\": null\n    }\n  ],\n  \"b\": 1.50,\n  \"c\": {},\n  \"d\": []\n}", true},
		{`{"a":1,"a":2}`, "{\n  \"a\": 1,\n  \"a\": 2\n}", true},
		{`"<&>"`, `"<&>"`, true},
		{`12345678901234567890`, "12345678901234567890", true},
		{`{"a":1} x`, `{"a":1} x`, false},
		{`{"a":1}{"b":2}`, `{"a":1}{"b":2}`, false},
		{"not json", "not json", false},
		{"", "", false},
		{strings.Repeat("[", 5000) + strings.Repeat("]", 5000), strings.Repeat("[", 5000) + strings.Repeat("]", 5000), false},
	}
	for _, tt := range tests {
		if got, ok := Pretty([]byte(tt.raw)); got != tt.want || ok != tt.ok {
			t.Errorf("%.40q: %q, %v", tt.raw, got, ok)
		}
	}
}

func TestEqualJSON(t *testing.T) {
	tests := []struct {
		a, b  string
		equal bool
	}{
		{`{"a":1,"b":[2]}`, " {\"b\" : [2],\n\"a\":1}", true},
		{`"\u0061"`, `"a"`, true},
		{`1`, `1.0`, false},
		{`[1,2]`, `[2,1]`, false},
		{`"\ud800"`, `"\ud801"`, false},
		{"\"\xff\"", "\"\xfe\"", false},
		{`{"os":1,"OS":2}`, `{"OS":2,"os":1}`, false},
		{`{"a":1,"a":2}`, `{"a":1,"a":2}`, false},
		{`x`, `x`, false},
	}
	for _, tt := range tests {
		if got := Equal([]byte(tt.a), []byte(tt.b)); got != tt.equal {
			t.Errorf("%s and %s: %v", tt.a, tt.b, got)
		}
	}
}

func FuzzPrettyJSON(f *testing.F) {
	f.Add([]byte(`{"b":1.50,"a":[1,{"x":null}],"c":{},"d":"\ud800"}`))
	f.Add(fixture(f))
	f.Fuzz(func(t *testing.T, raw []byte) {
		text, ok := Pretty(raw)
		if !ok {
			if text != string(raw) {
				t.Fatal("a text that is not JSON must stay unchanged")
			}
			return
		}
		again, ok := Pretty([]byte(text))
		if !ok || again != text {
			t.Fatalf("%q printed again is %q", text, again)
		}
		if !utf8.ValidString(text) {
			t.Fatalf("%q", text)
		}
	})
}

// fixture is the config of an image built by a real daemon.
func fixture(t testing.TB) []byte {
	t.Helper()
	raw, err := os.ReadFile("../../testdata/retag/config-a694bf29e765.json")
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
