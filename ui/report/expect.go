package report

import (
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model/safe"
)

// expectedPlatforms lists the expected platforms, then those that exist besides.
func expectedPlatforms(e diff.Expectation) []entry {
	var out []entry
	for _, x := range e.Platforms {
		text := safe.Clean(x.Manifest.String())
		switch {
		case x.Manifest == "":
			text = safe.Const("missing")
		case x.Err != nil:
			text = safe.Sprintf("%s could not be read", x.Manifest)
		case e.SawPrograms && !x.Undecided.IsEmpty():
			text = safe.Sprintf("%s %s; not decided: %s", x.Manifest, x.Programs, x.Undecided)
		case e.SawPrograms && !x.Programs.IsEmpty():
			text = safe.Sprintf("%s %s", x.Manifest, x.Programs)
		}
		out = append(out, entry{safe.Clean(x.Platform), text})
	}
	for _, name := range e.Extra {
		out = append(out, entry{safe.Clean(name), safe.Const("exists, but is not expected")})
	}
	return out
}

// jsonExpectation is the field "expect" of the JSON report.
type jsonExpectation struct {
	Met       bool           `json:"met"`
	Headline  string         `json:"headline"`
	Platforms []jsonExpected `json:"platforms"`
	Extra     []string       `json:"extra"`
	Against   []string       `json:"against"`  // ids of findings that make the check fail
	Warnings  []string       `json:"warnings"` // ids of other findings of severity 2, and of stops of other platforms
}

type jsonExpected struct {
	Platform string         `json:"platform"`
	Manifest *digest.Digest `json:"manifest"`
	Basis    diff.Basis     `json:"basis,omitempty"` // what decides about the machine: start, programs or labels
	// Undecided says why it is not known for which machine the start program is.
	Undecided string `json:"undecided,omitempty"`
}

func jsonExpectationOf(e diff.Expectation) jsonExpectation {
	out := jsonExpectation{Met: e.Met(), Headline: e.Headline().String(), Platforms: []jsonExpected{},
		Extra: append([]string{}, e.Extra...), Against: idsOf(e.Failures), Warnings: idsOf(e.Warnings)}
	for _, x := range e.Platforms {
		j := jsonExpected{Platform: x.Platform, Manifest: orNull(x.Manifest)}
		if e.SawPrograms {
			j.Basis, j.Undecided = x.Basis, x.Undecided.String()
		}
		out.Platforms = append(out.Platforms, j)
	}
	return out
}

func idsOf(findings []diff.Finding) []string {
	ids := []string{}
	for _, f := range findings {
		ids = append(ids, f.ID)
	}
	return ids
}
