package watch

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestPrint_times(t *testing.T) {
	tokyo := time.FixedZone("", 9*60*60)
	e := Event{At: time.Date(2026, 11, 18, 23, 2, 0, 0, tokyo), Since: time.Date(2026, 11, 17, 23, 2, 0, 0, tokyo), Ref: prod, Kind: Is, To: dig("a"), From: dig("z")}
	line := Text(e).String()
	if !strings.HasPrefix(line, "2026-11-18T14:02:00Z localhost:5000/app:prod is ") || !strings.Contains(line, "; when last seen, 2026-11-17T14:02:00Z, it was ") {
		t.Error(line)
	}
	raw, err := JSON(e)
	if err != nil || !strings.Contains(string(raw), `"at":"2026-11-18T14:02:00Z"`) || !strings.Contains(string(raw), `"since":"2026-11-17T14:02:00Z"`) {
		t.Errorf("%v %s", err, raw)
	}
}

// docs/report.md has a row for each field of an event.
func TestEventDoc(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "report.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(raw), "\n### Event\n")
	section, _, _ = strings.Cut(section, "\n#")
	typ := reflect.TypeFor[eventJSON]()
	for i := range typ.NumField() {
		name, _, optional := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		_, row, found := strings.Cut(section, "\n| `"+name+"` | ")
		column, _, _ := strings.Cut(row, " |")
		if !found || strings.HasSuffix(column, ", optional") != optional {
			t.Errorf("docs/report.md, Event: field %s: %q", name, column)
		}
	}
}
