package report

import (
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model/safe"
)

// expectation prints whether what a pipeline expects is there.
func (t textReport) expectation() {
	e := t.o.Expectation
	if e == nil {
		return
	}
	t.line(e.Headline())
	for _, x := range e.Platforms {
		t.line(safe.Const("  "), t.g.Fit(safe.Clean(x.Platform), 20), safe.Const(" "), expectedText(x))
	}
	for _, name := range e.Extra {
		t.line(safe.Const("  "), t.g.Fit(safe.Clean(name), 20), safe.Const(" there, and not expected"))
	}
	t.blank()
}

func expectedText(x diff.Expected) safe.Text {
	switch {
	case x.Manifest == "":
		return safe.Const("not there")
	case x.Err != nil:
		return safe.Sprintf("%s could not be read", x.Manifest)
	}
	return safe.Clean(x.Manifest.String())
}

func (m markdown) expectation() {
	e := m.o.Expectation
	if e == nil {
		return
	}
	m.line(safe.Const("**"), sentence(e.Headline()), safe.Const("**"))
	m.blank()
	for _, x := range e.Platforms {
		m.line(safe.Const("- "), code(safe.Clean(x.Platform)), safe.Const(": "), sentence(expectedText(x)))
	}
	for _, name := range e.Extra {
		m.line(safe.Const("- "), code(safe.Clean(name)), safe.Const(": there, and not expected"))
	}
	m.blank()
}

// jsonExpectation is the member "expect" of the JSON report.
type jsonExpectation struct {
	Met       bool           `json:"met"`
	Headline  string         `json:"headline"`
	Platforms []jsonExpected `json:"platforms"`
	Extra     []string       `json:"extra"`
	Against   []string       `json:"against"` // ids of findings
}

type jsonExpected struct {
	Platform string         `json:"platform"`
	Manifest *digest.Digest `json:"manifest"`
}

func jsonExpectationOf(e *diff.Expectation) *jsonExpectation {
	if e == nil {
		return nil
	}
	out := &jsonExpectation{Met: e.Met(), Headline: e.Headline().String(), Platforms: []jsonExpected{}, Extra: []string{}, Against: []string{}}
	for _, x := range e.Platforms {
		out.Platforms = append(out.Platforms, jsonExpected{x.Platform, orNull(x.Manifest)})
	}
	out.Extra = append(out.Extra, e.Extra...)
	for _, f := range e.Failures {
		out.Against = append(out.Against, f.ID)
	}
	return out
}
