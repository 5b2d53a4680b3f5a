package report

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documented are the types of the JSON formats and their headings in docs/report.md. The
// test of package watch has the event.
var documented = map[reflect.Type]string{
	reflect.TypeFor[jsonReport]():      "Report",
	reflect.TypeFor[jsonSide]():        "Side",
	reflect.TypeFor[jsonVerdict]():     "Verdict",
	reflect.TypeFor[jsonExpectation](): "Expectation",
	reflect.TypeFor[jsonExpected]():    "Expected platform",
	reflect.TypeFor[jsonPair]():        "Platform",
	reflect.TypeFor[jsonPackage]():     "Package",
	reflect.TypeFor[jsonUnknown]():     "Unknown packages",
	reflect.TypeFor[jsonProgram]():     "Program",
	reflect.TypeFor[jsonBase]():        "Base",
	reflect.TypeFor[jsonImage]():       "Image",
	reflect.TypeFor[jsonNamedBase]():   "Named base",
	reflect.TypeFor[jsonBlob]():        "Blob",
	reflect.TypeFor[jsonRow]():         "Row",
	reflect.TypeFor[jsonStep]():        "Step",
	reflect.TypeFor[jsonFinding]():     "Finding",
	reflect.TypeFor[jsonEvidence]():    "Evidence",
	reflect.TypeFor[jsonCost]():        "Cost",
	reflect.TypeFor[jsonInside]():      "Inside",
	reflect.TypeFor[jsonEntries]():     "Entries",
	reflect.TypeFor[jsonCounts]():      "Counts",
	reflect.TypeFor[jsonChange]():      "Change",
	reflect.TypeFor[jsonLines]():       "Lines",
	reflect.TypeFor[jsonDeletions]():   "Deletions",
	reflect.TypeFor[jsonDeletion]():    "Deletion",
	reflect.TypeFor[jsonFile]():        "File",
	reflect.TypeFor[jsonXattr]():       "Extended attribute",
	reflect.TypeFor[jsonNames]():       "Names",
	reflect.TypeFor[jsonDigests]():     "Digests",
	reflect.TypeFor[jsonTagged]():      "Tag",
	reflect.TypeFor[group]():           "Group",
}

// docs/report.md has a row for each field. The type column says "or null" for a
// field that can be null, and "optional" for one that can be absent.
func TestReportDoc(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "report.md"))
	if err != nil {
		t.Fatal(err)
	}
	for typ, heading := range documented {
		want := documentedFields(t, typ)
		if got := docFields(string(raw), heading); !reflect.DeepEqual(got, want) {
			t.Errorf("docs/report.md, %s: fields\n%q, the code has\n%q", heading, got, want)
		}
	}
}

// documentedFields returns the fields of a type, each with its kind and whether it can be null or
// absent.
func documentedFields(t *testing.T, typ reflect.Type) []string {
	t.Helper()
	var fields []string
	for i := range typ.NumField() {
		name, options, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		of := typ.Field(i).Type
		text := name
		if of.Kind() == reflect.Slice {
			text, of = text+" array", of.Elem()
		}
		null := of.Kind() == reflect.Pointer
		if null {
			of = of.Elem()
		}
		switch of.Kind() {
		case reflect.Struct:
			heading, ok := documented[of]
			if !ok {
				t.Errorf("%s has no heading in docs/report.md", of)
			}
			text += " " + strings.ToLower(heading)
		case reflect.Int, reflect.Int64:
			text += " integer"
		case reflect.Bool:
			text += " boolean"
		default:
			text += " " + of.Kind().String()
		}
		switch {
		case options != "":
			text += " optional"
		case null:
			text += " null"
		}
		fields = append(fields, text)
	}
	slices.Sort(fields)
	return fields
}

var (
	docRow = regexp.MustCompile("(?m)^\\| `(\\w+)` \\| ([^|]+) \\|")
	// docType are the parts of the type column: "array of [side](#side) or null, optional".
	docType = regexp.MustCompile(`^(array of )?\[?([a-z ]+?)(?:\]\(#[a-z-]+\))?( or null)?(, optional)?$`)
)

// docFields returns the rows of the first table under a heading, as documentedFields does.
func docFields(doc, heading string) []string {
	_, section, _ := strings.Cut(doc, "\n### "+heading+"\n")
	section, _, _ = strings.Cut(section, "\n#")
	_, table, _ := strings.Cut(section, "| field | type | meaning |")
	table, _, _ = strings.Cut(table, "\n\n")
	var fields []string
	for _, row := range docRow.FindAllStringSubmatch(table, -1) {
		text := row[1]
		typ := docType.FindStringSubmatch(row[2])
		if typ == nil {
			fields = append(fields, text+" ?"+row[2])
			continue
		}
		if typ[1] != "" {
			text += " array"
		}
		text += " " + typ[2]
		if typ[3] != "" {
			text += " null"
		}
		if typ[4] != "" {
			text += " optional"
		}
		fields = append(fields, text)
	}
	slices.Sort(fields)
	return fields
}
