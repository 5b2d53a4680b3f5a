package report

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// schema is the version of the JSON formats, which docs/report.md describes. Fields may be
// added. Existing fields do not change their meaning.
const schema = "tagdiff/1"

type jsonReport struct {
	Schema    string           `json:"schema"`
	A         *jsonSide        `json:"a"`
	B         *jsonSide        `json:"b"`
	Verdict   *jsonVerdict     `json:"verdict"`
	Expect    *jsonExpectation `json:"expect,omitempty"`
	Platforms []jsonPair       `json:"platforms"`
	Findings  []jsonFinding    `json:"findings"`
	Cost      *jsonCost        `json:"cost,omitempty"`
}

type jsonSide struct {
	Ref       string        `json:"ref"`
	Digest    digest.Digest `json:"digest"`
	MediaType string        `json:"mediaType"`
	Kind      model.Kind    `json:"kind"`
	Created   *string       `json:"created"` // RFC 3339, of the first image that states one
}

type jsonVerdict struct {
	Code     diff.Code  `json:"code"`
	Headline string     `json:"headline"`
	Because  string     `json:"because"`
	Trust    diff.Trust `json:"trust"`
	Proof    []string   `json:"proof"`
	Command  string     `json:"command"` // shows the proof with another tool

	Inside diff.InsideCode `json:"inside,omitempty"` // what differs inside the layers
}

type jsonPair struct {
	Platform string        `json:"platform"`
	A        *jsonImage    `json:"a"`
	B        *jsonImage    `json:"b"`
	Verdict  *jsonVerdict  `json:"verdict"`
	Base     *jsonBase     `json:"base"`
	Steps    []jsonRow     `json:"steps"`
	Findings []jsonFinding `json:"findings"`
	Inside   *jsonInside   `json:"inside,omitempty"`   // of the files that the layers give together
	Packages []jsonPackage `json:"packages,omitempty"` // that differ, or of the only image
	Unknown  []jsonUnknown `json:"packagesUnknown,omitempty"`
	Programs []jsonProgram `json:"programs,omitempty"`
}

type jsonBase struct {
	Rows    int        `json:"rows"`
	Name    string     `json:"name"`
	Trust   diff.Trust `json:"trust"`
	Because string     `json:"because"`
}

type jsonImage struct {
	Manifest *digest.Digest `json:"manifest"`
	Config   *digest.Digest `json:"config"`
	Error    string         `json:"error,omitempty"` // why it could not be read
	Names    *jsonNamedBase `json:"namedBase,omitempty"`

	// Of an artifact that is not an image.
	ArtifactType string         `json:"artifactType,omitempty"`
	Blobs        []jsonBlob     `json:"blobs,omitempty"`
	Subject      *digest.Digest `json:"subject,omitempty"`
}

// jsonNamedBase is the base that an image names.
type jsonNamedBase struct {
	Name   string         `json:"name"`
	Digest *digest.Digest `json:"digest"`
	Source string         `json:"source"`
}

type jsonBlob struct {
	Digest    digest.Digest `json:"digest"`
	MediaType string        `json:"mediaType"`
	Size      int64         `json:"size"`
}

type jsonRow struct {
	Class      *diff.Class  `json:"class"`
	Detail     *diff.Detail `json:"detail"`
	Duplicated bool         `json:"duplicated"`
	A          *jsonStep    `json:"a"`
	B          *jsonStep    `json:"b"`
	Inside     *jsonInside  `json:"inside,omitempty"`
}

type jsonStep struct {
	Index     int            `json:"index"`
	CreatedBy string         `json:"createdBy"`
	Layer     *digest.Digest `json:"layer"`
	DiffID    *digest.Digest `json:"diffID"`
	Size      int64          `json:"size"`
	Empty     bool           `json:"empty"`
}

type jsonFinding struct {
	ID       string         `json:"id"`
	Name     string         `json:"name"`
	Severity int            `json:"severity"`
	Trust    diff.Trust     `json:"trust"`
	Say      string         `json:"say"`
	Next     string         `json:"next"`
	Command  string         `json:"command"` // does what Next advises
	Proof    []string       `json:"proof"`
	Check    string         `json:"check"`  // shows the proof with another tool
	Common   bool           `json:"common"` // it applies to both sides
	Under    *string        `json:"under"`  // id of the finding that is its cause
	Evidence []jsonEvidence `json:"evidence"`
	Tags     []string       `json:"tags,omitempty"` // tags that it is about
}

type jsonEvidence struct {
	Side   diff.Side      `json:"side"`
	Step   *int           `json:"step"`
	Digest *digest.Digest `json:"digest"`
}

// JSON writes the report for other programs. It is ASCII: all other characters are escaped,
// so that every terminal can show it.
func JSON(w io.Writer, c diff.Comparison, o Options) error {
	r := jsonReport{Schema: schema, A: converted(c.A, o.side), B: converted(c.B, o.side), Expect: converted(o.Expectation, jsonExpectationOf),
		Platforms: []jsonPair{}, Findings: o.findings(c.Findings, c.Findings)}
	if c.B != nil {
		r.Verdict = o.verdict(c.Verdict)
	}
	if o.Cost != nil && o.Cost.Asked > 0 {
		r.Cost = &jsonCost{o.Cost.Read, o.Cost.Asked}
	}
	for _, p := range c.Pairs {
		r.Platforms = append(r.Platforms, o.pair(c, p))
	}
	return writeJSON(w, r)
}

func writeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(escapeJSON(b.Bytes()))
	return err
}

// escapeJSON escapes characters that are not ASCII, and DEL, which the encoder does not
// escape. They can occur in strings only.
func escapeJSON(raw []byte) []byte {
	out := make([]byte, 0, len(raw))
	for len(raw) > 0 {
		r, n := utf8.DecodeRune(raw)
		if r < 0x7f {
			out = append(out, raw[0])
		} else {
			out = append(out, escapeRune(r)...)
		}
		raw = raw[n:]
	}
	return out
}

// converted returns what to makes of a value, nil without one.
func converted[T, J any](x *T, to func(T) J) *J {
	if x == nil {
		return nil
	}
	j := to(*x)
	return &j
}

func (o Options) side(a model.Artifact) jsonSide {
	return jsonSide{
		Ref: o.Gate.Mask(a.Ref.String()), Digest: a.Top.Digest, MediaType: a.Top.MediaType, Kind: a.Top.Kind,
		Created: converted(a.Created(), timestamp),
	}
}

func timestamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func (o Options) verdict(v diff.Verdict) *jsonVerdict {
	if v.Code == diff.Pending {
		return nil
	}
	return &jsonVerdict{v.Code, v.Headline.String(), v.Because.String(), v.Trust, stringsOf(v.Proof), o.command(v.Command).String(), v.Inside}
}

func stringsOf(lines []safe.Text) []string {
	out := []string{}
	for _, l := range lines {
		out = append(out, l.String())
	}
	return out
}

func (o Options) pair(c diff.Comparison, p diff.Pair) jsonPair {
	out := jsonPair{Platform: p.Platform, A: converted(p.A, o.image), B: converted(p.B, o.image), Base: o.base(c, p), Steps: []jsonRow{},
		Findings: o.findings(p.Findings, slices.Concat(p.Findings, c.Findings)), Inside: o.pairInside(p),
		Packages: o.pairPackages(c, p), Unknown: o.pairUnknown(c, p),
		Programs: o.programs(c, p)}
	if out.A != nil {
		out.A.Names = o.namedBase(c.BaseClaim(diff.SideA, p))
	}
	if out.B != nil {
		out.B.Names = o.namedBase(c.BaseClaim(diff.SideB, p))
	}
	if c.B != nil {
		out.Verdict = o.verdict(p.Verdict)
	}
	for _, r := range p.Rows {
		out.Steps = append(out.Steps, jsonRow{
			Class: orNull(r.Class), Detail: orNull(r.Detail), Duplicated: r.Duplicated(), A: converted(r.A, o.step), B: converted(r.B, o.step),
			Inside: o.rowInside(r),
		})
	}
	return out
}

// base is the base image of a platform, nil if its end is unknown.
func (o Options) base(c diff.Comparison, p diff.Pair) *jsonBase {
	row, base, ok := c.Boundary(p)
	if !ok {
		return nil
	}
	return &jsonBase{row, o.Gate.Mask(base.Name), base.Trust, safe.Clean(base.Because).String()}
}

// namedBase is the base that an image names, nil for none.
func (o Options) namedBase(claim diff.BaseClaim) *jsonNamedBase {
	if claim.IsNone() {
		return nil
	}
	return &jsonNamedBase{o.Gate.Mask(claim.Name), orNull(claim.Digest), claim.Source()}
}

func (o Options) image(e model.Entry) jsonImage {
	out := jsonImage{Manifest: orNull(e.Descriptor.Digest)}
	if e.Image != nil {
		out.Config = orNull(e.Image.ID())
	}
	if e.Err != nil {
		out.Error = o.Gate.Mask(e.Err.Error())
	}
	if e.Role == model.RoleArtifact {
		out.ArtifactType = o.Gate.Mask(e.ArtifactType())
	}
	if m := e.Artifact; m != nil {
		out.Config = orNull(m.Config.Digest)
		for _, d := range m.Layers {
			out.Blobs = append(out.Blobs, jsonBlob{d.Digest, o.Gate.Mask(d.MediaType), d.Size})
		}
		if m.Subject != nil {
			out.Subject = &m.Subject.Digest
		}
	}
	return out
}

func (o Options) step(s model.Step) jsonStep {
	return jsonStep{
		Index: s.Index, CreatedBy: o.Gate.Mask(s.CreatedBy), Layer: orNull(s.Layer.Digest), DiffID: orNull(s.DiffID),
		Size: s.Layer.Size, Empty: s.Empty,
	}
}

// orNull returns nil for an empty string.
func orNull[T ~string](s T) *T {
	if s == "" {
		return nil
	}
	return &s
}

// findings converts the findings of one platform or of the whole comparison. candidates
// are the findings that can be their causes.
func (o Options) findings(found, candidates []diff.Finding) []jsonFinding {
	under := map[string]string{}
	for _, g := range diff.GroupByCause(candidates) {
		for _, f := range g.Consequences {
			under[f.ID] = g.ID
		}
	}
	out := []jsonFinding{}
	for _, f := range found {
		j := jsonFinding{
			ID: f.ID, Name: f.Name, Severity: f.Severity, Trust: f.Trust, Say: f.Text.String(), Next: o.next(f).String(), Evidence: []jsonEvidence{},
			Command: o.command(f.Command).String(), Proof: stringsOf(f.Proof), Check: o.command(f.Check).String(),
			Common: f.Common, Under: orNull(under[f.ID]),
		}
		for _, tag := range f.Tags {
			j.Tags = append(j.Tags, safe.Clean(tag).String())
		}
		for _, e := range f.Evidence {
			ev := jsonEvidence{Side: e.Side, Digest: orNull(e.Digest)}
			if e.Step >= 0 {
				ev.Step = &e.Step
			}
			j.Evidence = append(j.Evidence, ev)
		}
		out = append(out, j)
	}
	return out
}
